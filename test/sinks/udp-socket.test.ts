import { describe, expect, it } from 'vitest';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import { openDatagrams } from '../../src/sinks/udp-socket.ts';
import { never, serverAt, testTools } from './helpers/tools.ts';

describe('a datagram socket', () => {
  const server = serverAt(514, { hostname: 'siem.test' });

  it('takes the next address when a family has no route', async () => {
    const addresses = [
      // Fails at once on every system, as a family without a route does.
      { address: '::1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const machine: Machine = { ...thisMachine, resolve: async () => addresses };
    const { socket, address } = await openDatagrams(server, testTools(), machine, never);
    expect(address).toBe('127.0.0.1');
    socket.close();
  });

  it('is given up when the lookup takes too long, or when it is aborted', async () => {
    const machine: Machine = { ...thisMachine, resolve: () => new Promise(() => undefined) };
    const tools = testTools({ timing: { connectMs: 20 } });
    await expect(openDatagrams(server, tools, machine, never)).rejects.toMatchObject({
      code: 'server_timeout',
    });
    const reason = new Error('stop');
    const aborted = openDatagrams(server, tools, machine, AbortSignal.abort(reason));
    await expect(aborted).rejects.toBe(reason);
  });
});
