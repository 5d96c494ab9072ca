import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Dialer } from '../../src/sinks/connection.ts';
import { Connections } from '../../src/sinks/connections.ts';
import { dial } from '../../src/sinks/dial.ts';
import { thisMachine } from '../../src/sinks/machine.ts';
import { Payload } from '../../src/sinks/payload.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { listen, wellBehaved } from './helpers/servers.ts';
import { never, serverAt, shortTiming, testTools, until } from './helpers/tools.ts';

const closing = endedAfterEach();

async function place(hides: () => boolean = () => false) {
  const kept: string[] = [];
  const receiver = await closing(listen(wellBehaved(kept)));
  const server = serverAt(receiver.port);
  const dialer: Dialer = {
    async connect(signal) {
      const { socket, roundTripMs } = await dial(server, testTools(), thisMachine, signal);
      return { socket, transport: socket, roundTripMs };
    },
    proven: () => undefined,
    get hidesRenewal() {
      return hides();
    },
  };
  const over: string[] = [];
  const tools = { server, machine: thisMachine, clock: systemClock, timing: shortTiming };
  const connections = new Connections(dialer, tools, ({ code }) => over.push(code));
  return { connections, kept, over, receiver };
}

describe('the connections of a server', () => {
  it('are a new one for each group that is confirmed by their end', async () => {
    const { connections, kept, receiver } = await place();
    for (const text of ['one', 'two']) {
      const conversation = await connections.open('drained', never);
      await conversation.send(new Payload([Buffer.from(text)]), 'drained');
      connections.done(conversation);
    }
    expect(receiver.sockets).toHaveLength(2);
    expect(kept).toEqual(['one', 'two']);
  });

  it('are one that is kept where no end is waited for, and a new one after it broke', async () => {
    const { connections, over, receiver } = await place();
    const first = await connections.open('none', never);
    await first.send(new Payload([Buffer.from('one')]), 'none');
    connections.done(first);
    expect(await connections.open('none', never)).toBe(first);
    receiver.sockets[0]?.resetAndDestroy();
    await until(() => !first.isOpen);
    expect(over).toHaveLength(1);
    expect(await connections.open('none', never)).not.toBe(first);
    connections.close();
  });

  it('are a new one when the kept one may hide that a certificate was renewed; its lines arrive', async () => {
    let hides = true;
    const { connections, kept, over, receiver } = await place(() => hides);
    const first = await connections.open('none', never);
    await first.send(new Payload([Buffer.from('one')]), 'none');
    connections.done(first);
    const second = await connections.open('none', never);
    hides = false;
    expect(second).not.toBe(first);
    expect(await connections.open('none', never)).toBe(second);
    await until(() => kept.length === 1);
    expect([kept, over, receiver.sockets.length]).toEqual([['one'], [], 2]);
    connections.close();
  });

  it('end in good order when idle, and by a reset when something is under way', async () => {
    const { connections, kept, receiver } = await place();
    const idle = await connections.open('none', never);
    await idle.send(new Payload([Buffer.from('one')]), 'none');
    connections.done(idle);
    const busy = await connections.open('drained', never);
    await until(() => receiver.sockets.length === 2);
    let broken = false;
    receiver.sockets[1]?.on('error', () => (broken = true));
    connections.close();
    await until(() => broken && kept.length === 1);
    expect(busy.isOpen).toBe(false);
    expect(kept).toEqual(['one']);
  });

  it('are broken off at once when the sink closes while they are being opened', async () => {
    const { connections } = await place();
    const stop = new AbortController();
    const opening = connections.open('none', stop.signal);
    stop.abort(new Error('closed'));
    await expect(opening).rejects.toThrow();
  });
});
