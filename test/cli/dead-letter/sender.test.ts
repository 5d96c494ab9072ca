import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Sender } from '../../../src/cli/dead-letter/sender.ts';
import type { ServerConfig } from '../../../src/config/schema.ts';
import { startTcpReceiver, startUdpReceiver } from '../../../src/simulator/siem.ts';
import { batchOf, shortTiming, testTools } from '../../sinks/helpers/tools.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function senderTo(port: number, protocol: 'TCP' | 'UDP' = 'TCP', giveUp = 20): Sender {
  const { clock, log, learned } = testTools();
  const server: ServerConfig = {
    id: 'siem',
    protocol,
    hostname: '127.0.0.1',
    port,
    client_key_passphrase: undefined,
  };
  const sender = new Sender(server, { clock, log, learned, giveUp, timing: shortTiming });
  closers.push(() => sender.close());
  return sender;
}
const idsOf = (lines: readonly { readonly id: string }[]): string[] => lines.map(({ id }) => id);

/** A server that resets the connection over which this text comes, and closes any other in good order. */
async function startPicky(text: string): Promise<number> {
  const picky = createServer({ allowHalfOpen: true }, (socket) => {
    let read = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      read += data.toString();
      if (read.includes(text)) socket.resetAndDestroy();
    });
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((listening) => picky.listen(0, '127.0.0.1', listening));
  closers.push(() => new Promise((closed) => picky.close(closed)));
  const address = picky.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

describe('what sends dead letters', () => {
  it('tells which lines were confirmed, batch by batch, over shared connections', async () => {
    const receiver = await startTcpReceiver();
    closers.push(() => receiver.stop());
    const batches = ['a', 'b', 'c'].map((feed) => batchOf(feed, 4));
    const outcomes = await senderTo(receiver.port).send(batches);
    expect(outcomes.map(({ confirmed }) => idsOf(confirmed))).toEqual(
      batches.map(({ lines }) => idsOf(lines)),
    );
    expect(receiver.received).toBe(12);
    expect(receiver.connections.accepted).toBe(1);
  });

  it('passes over a line that the server alone refuses, and confirms the others', async () => {
    const port = await startPicky('a:2\n');
    const [outcome] = await senderTo(port).send([batchOf('a', 5)]);
    expect(idsOf(outcome?.confirmed ?? [])).toEqual(['a-0', 'a-1', 'a-3', 'a-4']);
    expect(idsOf([...(outcome?.refused.keys() ?? [])])).toEqual(['a-2']);
    expect(outcome?.failure).toBeUndefined();
  });

  it('tells lines that fit no datagram apart from those that went', async () => {
    const receiver = await startUdpReceiver();
    closers.push(() => receiver.stop());
    const batch = { ...batchOf('a', 2), lines: [...batchOf('a', 2).lines] };
    batch.lines.splice(1, 0, ...batchOf('a', 1, 7, 70_000).lines);
    const [outcome] = await senderTo(receiver.port, 'UDP').send([batch]);
    expect(idsOf(outcome?.confirmed ?? [])).toEqual(['a-0', 'a-1']);
    expect([...(outcome?.refused ?? [])]).toEqual([
      [batch.lines[1], 'too long for a datagram to siem: name a TCP or TLS server by --to'],
    ]);
  });

  it('gives up where the program would wait for ever, and says why', async () => {
    const receiver = await startTcpReceiver();
    await receiver.stop();
    const [outcome] = await senderTo(receiver.port, 'TCP', 1).send([batchOf('a', 2)]);
    expect(outcome).toMatchObject({ confirmed: [], failure: { code: 'resend_stuck' } });
    expect(outcome?.failure?.message).toMatch(/^siem confirmed nothing for 1 s: /);
  });
});
