import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startTlsReceiver } from '../../src/simulator/siem.ts';
import { type Connection, reset } from '../../src/sinks/connection.ts';
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

  it('is closed, and not lost to Node, when its own end is under way', async () => {
    const receiver = await listen((socket) => void socket.resume());
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('line\n');
    await expectClosed({ socket, transport: socket, roundTripMs: 0 });
    await receiver.close();
  });

  it('is closed, and not lost to Node, when the end of its TLS is under way', async () => {
    const authority = createAuthority();
    const server = await startTlsReceiver({ authority, names: ['localhost'] });
    const transport = connect(server.port, '127.0.0.1');
    const socket = connectTls({
      socket: transport,
      ca: authority.certPem,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    await new Promise((resolve) => socket.write('line\n', resolve));
    socket.end();
    await expectClosed({ socket, transport, roundTripMs: 0 });
    await server.stop();
  });
});

async function expectClosed(connection: Connection): Promise<void> {
  const { transport } = connection;
  const seen: string[] = [];
  transport.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
  transport.on('close', () => seen.push('close'));
  reset(connection);
  await until(() => seen.length > 0);
  expect(seen).toEqual(['close']);
}
