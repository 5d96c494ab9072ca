import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openTcp, TCP } from '../../src/sinks/tcp.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { collect, freePort, linesOf, listen, wellBehaved } from './helpers/servers.ts';
import {
  batchOf,
  isPending,
  missingFrom,
  never,
  serverAt,
  testTools,
  textsOf,
  until,
  withSink,
} from './helpers/tools.ts';

describe('a TCP server', () => {
  const closing = endedAfterEach();
  const start = async (onConnection: (socket: Socket, number: number) => void, port = 0) => {
    const receiver = await closing(listen(onConnection, { port }));
    return receiver;
  };

  it('gets every line with a newline, in order, and has confirmed it by closing', async () => {
    const kept: string[] = [];
    const { port } = await start(wellBehaved(kept));
    const batch = batchOf('feed', 2_500);
    await withSink(TCP.open(serverAt(port), testTools()), async (sink) => {
      await sink.write(batch, never);
      expect(kept).toEqual(textsOf(batch));
      expect(sink.state()).toMatchObject({ level: 'drained', confirmedLines: 2_500 });
    });
  });

  it('has confirmed nothing while it has read everything but not closed', async () => {
    const read: (() => Buffer)[] = [];
    const { port, sockets } = await start((socket) => read.push(collect(socket)));
    const tools = testTools({ timing: { progressMs: 5_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 3), never);
      await until(() => linesOf(read[0]?.() ?? Buffer.alloc(0)).length === 3);
      expect(await isPending(write, 100)).toBe(true);
      sockets[0]?.end();
      await write;
    });
  });

  it('that ends before we have finished gets the lines again', async () => {
    const kept: string[] = [];
    const well = wellBehaved(kept);
    const { port } = await start((socket, number) => {
      if (number > 1) return well(socket);
      socket.end();
    });
    const batch = batchOf('feed', 1_000, 0, 5_000);
    await withSink(openTcp(serverAt(port), testTools()), async (sink) => {
      await sink.write(batch, never);
      expect(missingFrom(kept, batch)).toEqual([]);
    });
  });

  it('that resets the connection gets the lines again, half as many at a time', async () => {
    const sizes: number[] = [];
    const { port } = await start((socket, number) => {
      const read = collect(socket);
      socket.on('end', () => {
        sizes.push(linesOf(read()).length);
        if (number <= 2) socket.resetAndDestroy();
        else socket.end();
      });
    });
    const tools = testTools();
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      await sink.write(batchOf('feed', 100), never);
      expect(sizes.slice(0, 3)).toEqual([100, 50, 25]);
      expect(sizes[3]).toBeGreaterThan(25);
      expect(tools.said.map(({ level }) => level)).toEqual(['warn', 'info']);
      expect(tools.said[0]?.fields).toMatchObject({ server: 'siem', code: 'server_reset' });
    });
  });

  it('that is down at the start is tried until it is up, with one warning and one good news', async () => {
    const port = await freePort();
    const tools = testTools();
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 5), never);
      expect(await isPending(write, 200)).toBe(true);
      expect(sink.state().trouble).toMatchObject({ code: 'server_refused' });
      const kept: string[] = [];
      await start(wellBehaved(kept), port);
      await write;
      expect(kept).toHaveLength(5);
      expect(tools.said.map(({ level }) => level)).toEqual(['warn', 'info']);
      expect(sink.state().trouble).toBeUndefined();
    });
  });
});
