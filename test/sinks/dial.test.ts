import { describe, expect, it } from 'vitest';
import { dial } from '../../src/sinks/dial.ts';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import { openTcp } from '../../src/sinks/tcp.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { freePort, listen, type Receiver, wellBehaved } from './helpers/servers.ts';
import { batchOf, never, serverAt, testTools, withSink } from './helpers/tools.ts';

describe('the way to a server', () => {
  const closing = endedAfterEach();
  const start = async (kept: string[], host: string, port = 0): Promise<Receiver> => {
    const receiver = await closing(listen(wellBehaved(kept), { host, port }));
    return receiver;
  };
  const named = (resolve: Machine['resolve']): Machine => ({ ...thisMachine, resolve });
  const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }));
  const fails = (code: string) => async (): Promise<never> =>
    Promise.reject(Object.assign(new Error(`lookup says ${code}`), { code }));

  it('is looked up at every connect, so a server that moved is found', async () => {
    const old: string[] = [];
    const fresh: string[] = [];
    const { port } = await start(old, '127.0.0.1');
    await start(fresh, '127.0.0.2', port);
    let address = '127.0.0.1';
    const machine = named(async () => v4(address));
    const server = serverAt(port, { hostname: 'siem.test' });
    await withSink(openTcp(server, testTools(), machine), async (sink) => {
      await sink.write(batchOf('a', 1), never);
      address = '127.0.0.2';
      await sink.write(batchOf('a', 1, 1), never);
      expect([old, fresh]).toEqual([['a:0'], ['a:1']]);
    });
  });

  it('tries every address', async () => {
    const kept: string[] = [];
    const { port } = await start(kept, '127.0.0.1');
    const machine = named(async () => v4('127.0.0.2', '127.0.0.3', '127.0.0.1'));
    const { socket } = await dial(
      serverAt(port, { hostname: 'siem.test' }),
      testTools(),
      machine,
      never,
    );
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('leads to IPv6 too', async () => {
    const kept: string[] = [];
    const { port } = await start(kept, '::1');
    await withSink(openTcp(serverAt(port, { hostname: '::1' }), testTools()), async (sink) => {
      await sink.write(batchOf('a', 2), never);
      expect(kept).toEqual(['a:0', 'a:1']);
    });
  });

  it.each([
    ['ENOTFOUND', 'server_unknown_host'],
    ['EAI_AGAIN', 'server_dns_down'],
  ])('that DNS does not know (%s) has an error with a remedy', async (code, expected) => {
    const server = serverAt(514, { hostname: 'siem.test' });
    await expect(dial(server, testTools(), named(fails(code)), never)).rejects.toMatchObject({
      code: expected,
      scope: 'server',
      message: expect.stringContaining('siem.test:514') as string,
      hint: expect.stringMatching(/^[A-Z].*\.$/) as string,
    });
  });

  it('that nobody answers is given up in time', async () => {
    const silent = named(() => new Promise(() => undefined));
    const tools = testTools({ timing: { connectMs: 50 } });
    const server = serverAt(514, { hostname: 'siem.test' });
    await expect(dial(server, tools, silent, never)).rejects.toMatchObject({
      code: 'server_timeout',
    });
  });

  it('to an address that swallows packets is given up in time, and the next address gets its share', async () => {
    const kept: string[] = [];
    const { port } = await start(kept, '127.0.0.2');
    // TEST-NET-1 of RFC 5737: nobody is there, or the network says so at once.
    const machine = named(async () => v4('192.0.2.1', '127.0.0.2'));
    const tools = testTools({ timing: { connectMs: 400 } });
    const { socket } = await dial(serverAt(port, { hostname: 'siem.test' }), tools, machine, never);
    expect(socket.remoteAddress).toBe('127.0.0.2');
    socket.destroy();
  });

  it('ends with the reason when it is aborted', async () => {
    const reason = new Error('stop');
    const server = serverAt(await freePort());
    await expect(dial(server, testTools(), thisMachine, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });

  it('is reported step by step by a check, which sends nothing', async () => {
    const kept: string[] = [];
    const { port, sockets } = await start(kept, '127.0.0.1');
    const steps: string[] = [];
    const sink = openTcp(serverAt(port), testTools());
    await sink.check((step) => steps.push(step), never);
    await sink.close();
    expect(steps).toEqual(['resolve', 'connect']);
    expect(sockets[0]?.bytesRead ?? 0).toBe(0);
    const closed = openTcp(serverAt(await freePort()), testTools());
    await expect(closed.check(() => undefined, never)).rejects.toMatchObject({
      code: 'server_refused',
    });
    await closed.close();
  });
});
