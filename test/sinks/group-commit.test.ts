import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openTcp } from '../../src/sinks/tcp.ts';
import { endedAfterEach } from './helpers/closing.ts';
import { collect, linesOf, listen, type Receiver, wellBehaved } from './helpers/servers.ts';
import {
  batchOf,
  isPending,
  never,
  serverAt,
  testTools,
  textsOf,
  until,
  withSink,
} from './helpers/tools.ts';

describe('a group', () => {
  const closing = endedAfterEach();
  const start = async (
    onConnection: (socket: Socket, number: number) => void,
  ): Promise<Receiver> => {
    const receiver = await closing(listen(onConnection));
    return receiver;
  };
  /** Keeps the lines of each connection apart, and closes after the client. */
  const startKeeping = async (): Promise<{ port: number; groups: string[][] }> => {
    const groups: string[][] = [];
    const { port } = await start((socket) => {
      const read = collect(socket);
      socket.on('end', () => {
        groups.push(linesOf(read()));
        socket.end();
      });
    });
    return { port, groups };
  };

  it('takes the lines of two feeds over one connection when both slots wait in write', async () => {
    const { port, groups } = await startKeeping();
    const tools = testTools({ slotsTaken: () => 2, timing: { gatherMs: 60_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const first = sink.write(batchOf('a', 2), never);
      expect(await isPending(first, 60)).toBe(true);
      await Promise.all([first, sink.write(batchOf('b', 2), never)]);
      expect(groups).toEqual([['a:0', 'a:1', 'b:0', 'b:1']]);
    });
  });

  it('goes when a slot is given back without a write', async () => {
    const { port, groups } = await startKeeping();
    let slots = 2;
    const tools = testTools({ slotsTaken: () => slots, timing: { gatherMs: 60_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const write = sink.write(batchOf('a', 1), never);
      expect(await isPending(write, 60)).toBe(true);
      slots = 1;
      await write;
      expect(groups).toEqual([['a:0']]);
    });
  });

  it('goes after a second even when other feeds are busy elsewhere', async () => {
    const { port } = await startKeeping();
    const tools = testTools({ slotsTaken: () => 16, timing: { gatherMs: 80 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const write = sink.write(batchOf('a', 1), never);
      expect(await isPending(write, 40)).toBe(true);
      await write;
    });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'goes also when its time comes between two looks at the clock (%i ms)',
    async (gatherMs) => {
      const { port } = await startKeeping();
      let ms = 0;
      // Each look takes a millisecond.
      const clock = { ...systemClock, monotonicMs: () => (ms += 1) };
      const tools = testTools({ clock, slotsTaken: () => 16, timing: { gatherMs } });
      await withSink(openTcp(serverAt(port), tools), async (sink) => {
        await sink.write(batchOf('a', 1), AbortSignal.timeout(5_000));
      });
    },
  );

  it('goes at once when it is full by lines or by bytes', async () => {
    const { port, groups } = await startKeeping();
    const timing = { gatherMs: 60_000, groupLines: 10, groupBytes: 1_000 };
    const tools = testTools({ slotsTaken: () => 16, timing });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      await sink.write(batchOf('a', 10), never);
      await sink.write(batchOf('b', 3, 0, 400), never);
      expect(groups.map((group) => group.length)).toEqual([10, 2, 1]);
    });
  });

  it('goes at once when it is flushed, and so does whatever comes later', async () => {
    const { port } = await startKeeping();
    const tools = testTools({ slotsTaken: () => 16, timing: { gatherMs: 60_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const write = sink.write(batchOf('a', 1), never);
      expect(await isPending(write, 40)).toBe(true);
      sink.flush();
      await write;
      await sink.write(batchOf('b', 1), never);
    });
  });

  it('has at most the set number of lines, and a line larger than a group goes alone', async () => {
    const { port, groups } = await startKeeping();
    const tools = testTools({ timing: { groupLines: 40, groupBytes: 1_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      await sink.write(batchOf('a', 100), never);
      await sink.write(batchOf('b', 2, 0, 5_000), never);
      expect(groups.map((group) => group.length)).toEqual([40, 40, 20, 1, 1]);
    });
  });

  it('grows up to its bound in lines and bytes while a server keeps up with a backlog', async () => {
    const { port, groups } = await startKeeping();
    const timing = { groupLines: 10, groupBytes: 100_000, groupGrowth: 4 };
    await withSink(openTcp(serverAt(port), testTools({ timing })), async (sink) => {
      await sink.write(batchOf('a', 150), never);
      expect(groups.map((group) => group.length)).toEqual([10, 20, 40, 40, 40]);
      await sink.write(batchOf('b', 10, 0, 100_000), never);
      expect(groups.slice(5).map((group) => group.length)).toEqual([3, 3, 3, 1]);
    });
  });

  it('keeps its size for a server whose lines a second are limited', async () => {
    const { port, groups } = await startKeeping();
    const tools = testTools({ timing: { groupLines: 10, groupGrowth: 4 } });
    const server = serverAt(port, { maxEventsPerSecond: 10_000 });
    await withSink(openTcp(server, tools), async (sink) => {
      await sink.write(batchOf('a', 50), never);
      expect(groups.map((group) => group.length)).toEqual([10, 10, 10, 10, 10]);
    });
  });

  it('of one feed goes out after the group before it, and feeds do not disturb each other', async () => {
    const { port, groups } = await startKeeping();
    const tools = testTools({ slotsTaken: () => 4, timing: { groupLines: 50 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const batches = ['a', 'b', 'c', 'd'].map((feed) => batchOf(feed, 333));
      await Promise.all(batches.map((batch) => sink.write(batch, never)));
      for (const batch of batches) {
        const own = groups.flat().filter((text) => text.startsWith(batch.feedId));
        expect(own).toEqual(textsOf(batch));
      }
      expect(sink.state().confirmedLines).toBe(4 * 333);
    });
  });

  it('is on one of at most two connections at a time', async () => {
    let open = 0;
    let most = 0;
    const { port } = await start((socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.resume();
      socket.on('end', () => setTimeout(() => socket.end(), 20));
      socket.on('close', () => (open -= 1));
    });
    const tools = testTools({ timing: { groupLines: 5 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      await Promise.all(
        Array.from({ length: 8 }, (_, n) => sink.write(batchOf(`f${n}`, 5), never)),
      );
      expect(most).toBe(2);
    });
  });

  it('that is not confirmed does not send again what a smaller group has confirmed', async () => {
    const groups: string[][] = [];
    const { port } = await start((socket, number) => {
      const read = collect(socket);
      socket.on('end', () => {
        groups.push(linesOf(read()));
        if (number === 1 || number === 3) socket.resetAndDestroy();
        else socket.end();
      });
    });
    const tools = testTools({ timing: { replayGroups: 0 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      await sink.write(batchOf('a', 80), never);
      expect(groups.slice(0, 3).map((group) => group[0])).toEqual(['a:0', 'a:0', 'a:40']);
      const confirmed = groups.filter((_, index) => index !== 0 && index !== 2).flat();
      expect(confirmed).toEqual(textsOf(batchOf('a', 80)));
    });
  });

  it('loses the lines of a write that is aborted before they are on the wire, and only those', async () => {
    const { port, groups } = await startKeeping();
    const tools = testTools({ slotsTaken: () => 3, timing: { gatherMs: 60_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const leaves = new AbortController();
      const first = sink.write(batchOf('a', 2), leaves.signal);
      const second = sink.write(batchOf('b', 2), never);
      const reason = new Error('the feed leaves');
      leaves.abort(reason);
      await expect(first).rejects.toBe(reason);
      await expect(sink.write(batchOf('c', 1), leaves.signal)).rejects.toBe(reason);
      sink.flush();
      await second;
      expect(groups).toEqual([['b:0', 'b:1']]);
    });
  });

  it('on the wire goes on when one of its writes is aborted', async () => {
    const { port, sockets } = await start((socket) => void socket.resume());
    const tools = testTools({ slotsTaken: () => 2, timing: { progressMs: 10_000 } });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const leaves = new AbortController();
      const first = sink.write(batchOf('a', 1), leaves.signal);
      const second = sink.write(batchOf('b', 1), never);
      await until(() => sockets[0]?.readableEnded === true);
      leaves.abort(new Error('the feed leaves'));
      await expect(first).rejects.toThrow('the feed leaves');
      expect(await isPending(second, 50)).toBe(true);
      sockets[0]?.end();
      await second;
      expect(sockets).toHaveLength(1);
    });
  });

  it('is not sent faster than max_events_per_second allows', async () => {
    const { port, groups } = await startKeeping();
    const server = serverAt(port, { maxEventsPerSecond: 100 });
    await withSink(openTcp(server, testTools()), async (sink) => {
      const beginMs = performance.now();
      await sink.write(batchOf('a', 150), never);
      expect(performance.now() - beginMs).toBeGreaterThan(900);
      expect(groups.map((group) => group.length)).toEqual([100, 50]);
    });
  });

  it('that waits ends with an error when the sink is closed, and closing twice is harmless', async () => {
    const { port, sockets } = await start((socket) => void socket.pause());
    const sink = openTcp(serverAt(port), testTools({ timing: { progressMs: 60_000 } }));
    const write = sink.write(batchOf('a', 5), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await until(() => sockets.length === 1);
    await Promise.all([sink.close(), sink.close()]);
    await ended;
    await expect(sink.write(batchOf('a', 1), never)).rejects.toMatchObject({ code: 'sink_closed' });
  });

  it('with one line that the server never takes is given up, when others went through meanwhile', async () => {
    const kept: string[] = [];
    const well = wellBehaved(kept);
    const { port } = await start((socket) => {
      well(socket);
      socket.on('data', (piece) => {
        if (piece.toString().includes('poison')) socket.resetAndDestroy();
      });
    });
    const tools = testTools({ slotsTaken: () => 2 });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      const batch = batchOf('a', 3);
      const poison = { bytes: Buffer.from('poison'), id: 'p', timeMs: 0 };
      const write = sink.write({ ...batch, lines: [...batch.lines, poison] }, never);
      let feedingEnds = false;
      const feeding = (async () => {
        for (let n = 0; !feedingEnds; n += 1) await sink.write(batchOf('b', 2, n * 2), never);
      })();
      await expect(write).rejects.toMatchObject({ code: 'line_refused', remedy: 'skip', index: 3 });
      feedingEnds = true;
      await feeding;
      expect(kept).toEqual(expect.arrayContaining(textsOf(batch)));
    });
  });

  it('is never given up while the server takes nothing at all', async () => {
    const { port, sockets } = await start((socket) => void socket.resetAndDestroy());
    const sink = openTcp(
      serverAt(port),
      testTools({ timing: { backoffBaseMs: 1, backoffCapMs: 2 } }),
    );
    const write = sink.write(batchOf('a', 1), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await until(() => sockets.length > 20);
    await sink.close();
    await ended;
  });
});
