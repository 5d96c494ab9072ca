import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { resetNow } from '../../src/simulator/reset.ts';

describe('a reset connection', () => {
  it('never looks like a clean end to its peer', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined).on('end', () => resetNow(socket));
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    for (let round = 0; round < 50; round += 1) {
      const seen: string[] = [];
      const socket = connect(port, '127.0.0.1');
      socket.on('end', () => seen.push('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => seen.push(`${error.code}`));
      socket.resume();
      socket.end('line\n');
      await new Promise((resolve) => socket.once('close', resolve));
      expect(seen).toEqual(['ECONNRESET']);
    }
    await new Promise((resolve) => server.close(resolve));
  });
});
