import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { wasReset } from '../../src/sinks/peer-end.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { listen } from './helpers/servers.ts';
import { until } from './helpers/tools.ts';

describe('the end of a peer', () => {
  const closing = endedAfterEach();
  /** What is seen when the peer says a last word and goes, all in one turn. */
  const seen = async (last: (peer: Socket) => void): Promise<boolean> => {
    const receiver = await closing(listen(() => undefined));
    const socket = connect({ host: '127.0.0.1', port: receiver.port, allowHalfOpen: true });
    socket.resume().end(Buffer.alloc(100_000));
    const ended = new Promise<boolean>((resolve) => {
      // Where Node tells a reset itself there is nothing to look up.
      socket.once('error', () => resolve(true));
      socket.once('end', () => resolve(wasReset(socket)));
    });
    await until(() => socket.writableFinished && receiver.sockets.length === 1);
    receiver.sockets[0]?.write('a last word');
    receiver.sockets.forEach(last);
    return ended;
  };

  it('is known as a reset although Node tells a clean end', async () => {
    expect(await seen((peer) => void peer.destroy())).toBe(true);
  });

  it('is known as clean when it is', async () => {
    expect(await seen((peer) => void peer.resume().end())).toBe(false);
  });
});
