import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { reset } from '../../src/sinks/connection.ts';
import { listen } from './helpers/servers.ts';
import { until } from './helpers/tools.ts';

describe('a connection that is reset', () => {
  it('can not be taken for a clean end by the peer', async () => {
    let ended = false;
    let code: string | undefined;
    const receiver = await listen((socket) => {
      socket.resume().on('end', () => (ended = true));
      socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
    });
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    await until(() => receiver.sockets.length === 1);
    reset({ socket, transport: socket, roundTripMs: 0 });
    await until(() => code !== undefined || ended);
    expect({ code, ended }).toEqual({ code: 'ECONNRESET', ended: false });
    expect(socket.destroyed).toBe(true);
    expect(() => reset({ socket, transport: socket, roundTripMs: 0 })).not.toThrow();
    await receiver.close();
  });
});
