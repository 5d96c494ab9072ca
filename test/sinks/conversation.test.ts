import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { reset } from '../../src/sinks/connection.ts';
import { Conversation } from '../../src/sinks/conversation.ts';
import { dial } from '../../src/sinks/dial.ts';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import { Payload } from '../../src/sinks/payload.ts';
import { type Endpoints, findTxQueue } from '../../src/sinks/tx-queue.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { collect, listen, type Receiver } from './helpers/servers.ts';
import { isPending, never, serverAt, shortTiming, testTools, until } from './helpers/tools.ts';

const isTaken = (table: Buffer, socket: Socket): boolean =>
  findTxQueue(table.toString('latin1'), socket as Endpoints, thisMachine.littleEndian) === 0;

/** One long line. */
const zeros = (bytes: number): Payload => new Payload([Buffer.alloc(bytes - 1)]);

describe('one connection', () => {
  const closing = endedAfterEach();
  const converse = async (
    onConnection: (socket: Socket) => void,
    { machine = thisMachine, progressMs = 5_000, clock = systemClock } = {},
  ): Promise<{
    conversation: Conversation;
    receiver: Receiver;
    socket: Socket;
    over: string[];
  }> => {
    const receiver = await closing(listen(onConnection));
    const server = serverAt(receiver.port);
    const { socket, roundTripMs } = await dial(server, testTools(), machine, never);
    const over: string[] = [];
    const conversation = new Conversation(
      { socket, transport: socket, roundTripMs },
      { server, machine, clock, timing: { ...shortTiming, progressMs } },
      ({ code }) => over.push(code),
    );
    return { conversation, receiver, socket, over };
  };
  const payload = new Payload([Buffer.from('one'), Buffer.from('two')]);
  const text = 'one\ntwo\n';

  it('confirms by the end of the peer that comes after ours, and by nothing before', async () => {
    let read: (() => Buffer) | undefined;
    const { conversation, receiver } = await converse((socket) => (read = collect(socket)));
    const sending = conversation.send(payload, 'drained');
    await until(() => receiver.sockets[0]?.readableEnded === true);
    expect(read?.().toString()).toBe(text);
    expect(await isPending(sending, 100)).toBe(true);
    receiver.sockets[0]?.end();
    await sending;
    expect(conversation.isOpen).toBe(false);
  });

  it.each(['drained', 'transport'] as const)(
    'does not confirm (%s) when the peer ended first, whatever fits into buffers',
    async (goal) => {
      const { conversation, receiver } = await converse((socket) => void socket.end());
      await until(() => receiver.sockets[0]?.writableFinished === true);
      await expect(conversation.send(zeros(500_000), goal)).rejects.toMatchObject({
        code: 'server_closed_early',
      });
    },
  );

  it('does not confirm when the peer resets after it has read all', async () => {
    const { conversation } = await converse((socket) => {
      socket.resume().on('end', () => socket.resetAndDestroy());
    });
    await expect(conversation.send(payload, 'drained')).rejects.toMatchObject({
      code: 'server_reset',
    });
  });

  it('does not confirm when the peer closes without having read all', async () => {
    const { conversation } = await converse((socket) => {
      socket.once('data', () => {
        socket.pause();
        setTimeout(() => socket.destroy(), 20);
      });
    });
    await expect(conversation.send(zeros(5_000_000), 'drained')).rejects.toMatchObject({
      code: expect.stringMatching(/^server_(reset|closed_early)$/) as string,
    });
  });

  it('does not confirm when the reset of a dying peer comes right behind its last word', async () => {
    const { conversation, receiver, socket } = await converse(() => undefined);
    // More than Node reads ahead, so that the rest is unread when the peer goes.
    const sending = conversation.send(zeros(100_000), 'drained');
    await until(() => socket.writableFinished);
    receiver.sockets[0]?.write('a session ticket');
    receiver.sockets[0]?.destroy();
    await expect(sending).rejects.toMatchObject({ code: 'server_reset' });
  });

  it('tells a peer that does not close from one that does not take the lines', async () => {
    const silent = await converse((socket) => void socket.resume(), { progressMs: 300 });
    await expect(silent.conversation.send(payload, 'drained')).rejects.toMatchObject({
      code: 'server_not_closing',
    });
    const frozen = await converse((socket) => void socket.pause(), { progressMs: 300 });
    await expect(frozen.conversation.send(zeros(20_000_000), 'drained')).rejects.toMatchObject({
      code: 'server_stalled',
    });
  });

  it('gives a peer that reads slowly, in bursts, all the time it needs', async () => {
    const { conversation } = await converse(
      (socket) => {
        let burstBytes = 0;
        socket.on('end', () => socket.end());
        socket.on('data', (piece: Buffer) => {
          burstBytes += piece.length;
          if (burstBytes < 4_000_000) return;
          burstBytes = 0;
          socket.pause();
          setTimeout(() => socket.resume(), 350);
        });
      },
      { progressMs: 900 },
    );
    const beginMs = performance.now();
    await conversation.send(zeros(30_000_000), 'drained');
    expect(performance.now() - beginMs).toBeGreaterThan(1_400);
  });

  it('asks for the state of the connection only while our own kernel takes nothing', async () => {
    let looks = 0;
    const machine: Machine = {
      ...thisMachine,
      seesTxQueue: true,
      readFile: async () => {
        looks += 1;
        return Buffer.alloc(0);
      },
    };
    const polls: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) =>
        ms === 500 ? new Promise((resolve) => polls.push(resolve)) : systemClock.sleep(ms, signal),
    };
    const { conversation, socket } = await converse((peer) => void peer.pause(), {
      machine,
      clock,
    });
    const sending = conversation.send(zeros(20_000_000), 'drained');
    const ended = expect(sending).rejects.toThrow();
    await until(() => socket.bytesWritten > 0 && polls.length === 1);
    polls.shift()?.();
    await until(() => polls.length === 1);
    expect(looks).toBe(0);
    // The peer reads nothing, so that nothing more is taken when all buffers are full.
    await until(() => {
      polls.shift()?.();
      return looks > 0;
    });
    conversation.abandon();
    for (const resolve of polls) resolve();
    await ended;
  });

  it('is not kept alive by a peer that talks but takes nothing', async () => {
    const { conversation } = await converse(
      (socket) => {
        socket.pause();
        const timer = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(timer));
      },
      { progressMs: 300 },
    );
    await expect(conversation.send(zeros(20_000_000), 'drained')).rejects.toMatchObject({
      code: 'server_stalled',
    });
  });

  it('confirms where the kernel tells nothing too, after the time of a round trip', async () => {
    const machine: Machine = { ...thisMachine, seesTxQueue: false };
    const { conversation } = await converse(
      (socket) => void socket.resume().on('end', () => socket.end()),
      { machine },
    );
    await conversation.send(payload, 'drained');
    const early = await converse((socket) => void socket.end(), { machine });
    await until(() => early.receiver.sockets[0]?.writableFinished === true);
    await expect(early.conversation.send(zeros(500_000), 'drained')).rejects.toMatchObject({
      code: 'server_closed_early',
    });
  });

  it('goes on when the kernel should tell but never does', async () => {
    const machine: Machine = {
      ...thisMachine,
      seesTxQueue: true,
      readFile: async () => Buffer.alloc(0),
    };
    const { conversation } = await converse(
      (socket) => void socket.resume().on('end', () => socket.end()),
      { machine },
    );
    await conversation.send(payload, 'drained');
  });

  it('can be used for one group after the other at the weaker levels, and tells once when it is over', async () => {
    let read: (() => Buffer) | undefined;
    const { conversation, receiver, over } = await converse((socket) => (read = collect(socket)));
    await conversation.send(payload, 'transport');
    await conversation.send(payload, 'none');
    await until(() => read?.().length === 16);
    expect(conversation.isOpen).toBe(true);
    receiver.sockets[0]?.resetAndDestroy();
    await until(() => over.length > 0);
    expect(over).toEqual(['server_reset']);
    expect(conversation.isOpen).toBe(false);
  });

  it.each([
    { what: 'does not confirm over TLS when the peer is reset right before our end', reset: true },
    { what: 'confirms over TLS when the peer ends as quickly as it can', reset: false },
  ])('$what', async ({ reset: isReset }) => {
    const authority = createAuthority();
    const { certPem: cert, keyPem: key } = authority.issue({ names: ['localhost'] });
    const raws: Socket[] = [];
    const peers: TLSSocket[] = [];
    const peer = createTlsServer({ cert, key, allowHalfOpen: true }, (socket) => {
      peers.push(socket.on('error', () => undefined));
      if (!isReset) socket.resume().on('end', () => socket.end());
    });
    peer.on('connection', (raw: Socket) => raws.push(raw));
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    await closing({ close: async () => void peer.close() });
    const server = serverAt((peer.address() as AddressInfo).port, { protocol: 'TCPSSL' });
    const { socket: transport, roundTripMs } = await dial(server, testTools(), thisMachine, never);
    const socket = connectTls({
      socket: transport,
      ca: authority.certPem,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    await until(() => peers.length === 1);
    // The last that is done before our end: then the peer's kernel has every byte.
    const machine: Machine = {
      ...thisMachine,
      readFile: async (path, wanted) => {
        const table = await thisMachine.readFile(path, wanted);
        if (isReset && isTaken(table, transport)) raws[0]?.resetAndDestroy();
        return table;
      },
    };
    const tools = { server, machine, clock: systemClock, timing: shortTiming };
    const conversation = new Conversation({ socket, transport, roundTripMs }, tools);
    const sending = conversation.send(payload, 'drained');
    // Elsewhere the kernel tells nothing of what the peer took.
    if (isReset && thisMachine.seesTxQueue) {
      await expect(sending).rejects.toMatchObject({ code: 'server_reset' });
    } else if (!isReset) await sending;
    else await sending.catch(() => undefined);
    socket.destroy();
  });

  it('says nothing when it is closed by us, and ends a send that is abandoned', async () => {
    const closed = await converse((socket) => void socket.resume());
    closed.conversation.close();
    await until(() => closed.receiver.sockets[0]?.readableEnded === true);
    expect(closed.over).toEqual([]);
    const left = await converse((socket) => void socket.pause());
    const sending = left.conversation.send(zeros(20_000_000), 'drained');
    const ended = expect(sending).rejects.toMatchObject({ code: 'server_reset' });
    left.conversation.abandon();
    await ended;
  });

  it('is reset so that the peer does not take it for a clean end', async () => {
    const errors: string[] = [];
    const receiver = await closing(
      listen((socket) => {
        socket
          .resume()
          .on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
      }),
    );
    const { socket, roundTripMs } = await dial(
      serverAt(receiver.port),
      testTools(),
      thisMachine,
      never,
    );
    await until(() => receiver.sockets.length === 1);
    reset({ socket, transport: socket, roundTripMs });
    await until(() => errors.length > 0);
    expect(errors).toEqual(['ECONNRESET']);
  });
});
