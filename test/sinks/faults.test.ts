import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  startTcpReceiver,
  type StreamOptions,
  type StreamReceiver,
} from '../../src/simulator/siem.ts';
import { openTcp } from '../../src/sinks/tcp.ts';
import { endedAfterEach, textsAt } from './helpers/closing.ts';
import { collect, linesOf, listen } from './helpers/servers.ts';
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

describe('a server in trouble', () => {
  const closing = endedAfterEach();
  const start = (options: StreamOptions = {}): Promise<StreamReceiver> =>
    closing(startTcpReceiver(options));

  it('that was killed gets the last two groups again before anything new, and no more than those', async () => {
    const receiver = await start();
    const tools = testTools();
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      for (let n = 0; n < 4; n += 1) await sink.write(batchOf('feed', 1, n), never);
      await receiver.stop();
      const write = sink.write(batchOf('feed', 1, 4), never);
      await until(() => sink.state().trouble?.code === 'server_refused');
      await receiver.start();
      await write;
      expect(textsAt(receiver).slice(4)).toEqual(['feed:2', 'feed:3', 'feed:4']);
      expect(sink.state().confirmedLines).toBe(5);
      expect(tools.said.map(({ level }) => level)).toEqual(['warn', 'info']);
    });
  });

  it('that is killed again and again is not sent a line more than three times for it', async () => {
    const receiver = await start();
    await withSink(openTcp(serverAt(receiver.port), testTools()), async (sink) => {
      await sink.write(batchOf('feed', 1, 0), never);
      for (let n = 1; n < 6; n += 1) {
        await receiver.stop();
        const write = sink.write(batchOf('feed', 1, n), never);
        await until(() => sink.state().trouble !== undefined);
        await receiver.start();
        await write;
      }
      for (let n = 0; n < 6; n += 1) {
        const times = textsAt(receiver).filter((text) => text === `feed:${n}`).length;
        expect(times).toBeGreaterThanOrEqual(1);
        expect(times).toBeLessThanOrEqual(3);
      }
    });
  });

  it('that answers one group just when the connection of another has failed gets that one again too', async () => {
    const groups: string[][] = [];
    const receiver = await listen((socket, number) => {
      const read = collect(socket);
      socket.on('end', () => {
        groups[number - 1] = linesOf(read());
        // Two are under way then: neither has its answer yet.
        if (number !== 2 && number !== 3) socket.end();
      });
    });
    await closing(receiver);
    const timing = { groupLines: 1, groupGrowth: 1, progressMs: 10_000 };
    await withSink(openTcp(serverAt(receiver.port), testTools({ timing })), async (sink) => {
      await sink.write(batchOf('first', 1), never);
      const writes = ['a', 'b'].map((feed) => sink.write(batchOf(feed, 1), never));
      await until(() => groups[1] !== undefined && groups[2] !== undefined);
      receiver.sockets[1]?.resetAndDestroy();
      await until(() => sink.state().trouble !== undefined);
      receiver.sockets[2]?.end();
      await Promise.all(writes);
      await sink.write(batchOf('last', 1), never);
      const again = groups.slice(3).flat();
      expect(again).toEqual(
        expect.arrayContaining(['first:0', groups[1]?.[0], groups[2]?.[0], 'last:0']),
      );
    });
  });

  it('that was killed gets nothing again when replay_groups is 0', async () => {
    const receiver = await start();
    const tools = testTools({ timing: { replayGroups: 0 } });
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batchOf('feed', 1), never);
      await receiver.stop();
      const write = sink.write(batchOf('feed', 1, 1), never);
      await until(() => sink.state().trouble !== undefined);
      await receiver.start();
      await write;
      expect(textsAt(receiver)).toEqual(['feed:0', 'feed:1']);
    });
  });

  it('that reads nothing is given up after the deadline, said to be stalled, and gets all when it reads again', async () => {
    const receiver = await start();
    receiver.pause();
    const tools = testTools({ timing: { progressMs: 200, groupBytes: 30_000_000 } });
    const batch = batchOf('feed', 100, 0, 200_000);
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      const write = sink.write(batch, never);
      await until(() => sink.state().trouble !== undefined);
      expect(tools.said[0]?.fields).toMatchObject({ code: 'server_stalled' });
      expect(await isPending(write, 300)).toBe(true);
      receiver.resume();
      await write;
      expect(new Set(textsAt(receiver)).size).toBe(100);
    });
  });

  it('that reads slowly but steadily has all the time it needs, and gets every line once', async () => {
    // 8 MB at 8 MB/s against a deadline of 300 ms: progress counts, not the time it takes.
    const receiver = await start({ behaviour: { readBytesPerSecond: 8_000_000 } });
    const tools = testTools({ timing: { groupBytes: 16_000_000, progressMs: 400 } });
    tools.facts.set(`close:TCP:127.0.0.1:${receiver.port}`, { closed: true });
    const batch = batchOf('feed', 400, 0, 20_000);
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batch, never);
      const arrived = textsAt(receiver);
      expect(new Set(arrived).size).toBe(400);
      expect(arrived.length).toBeLessThan(400 * 3);
    });
  });

  it('that reads 100 kB/s and could not take a full group in time gets everything, in smaller groups', async () => {
    const receiver = await start({ behaviour: { readBytesPerSecond: 100_000 } });
    const tools = testTools({ timing: { progressMs: 500 } });
    tools.facts.set(`close:TCP:127.0.0.1:${receiver.port}`, { closed: true });
    const batch = batchOf('feed', 500, 0, 490);
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batch, never);
      const arrived = textsAt(receiver);
      expect(new Set(arrived)).toEqual(new Set(textsOf(batch)));
      // A busy machine makes a try or two fail that would not have; full groups for ever would be many more.
      expect(arrived.length).toBeLessThan(500 * 6);
      expect(sink.state()).toMatchObject({ level: 'drained', confirmedLines: 500 });
    });
  });

  it('that ends early, whatever it has read, gets the lines again', async () => {
    const receiver = await start({ behaviour: { closeAfterBytes: 50 } });
    // Megabytes: a small group may be finished before the early end has come, and then it is none.
    const tools = testTools({ timing: { groupBytes: 16_000_000 } });
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 400, 0, 20_000), never);
      await until(() =>
        tools.said.some(({ fields }) => fields?.['code'] === 'server_closed_early'),
      );
      delete receiver.behaviour.closeAfterBytes;
      await write;
      expect(new Set(textsAt(receiver)).size).toBe(400);
    });
  });

  it('does not make memory grow, however long it lasts', async () => {
    const receiver = await start();
    receiver.pause();
    const tools = testTools({ timing: { progressMs: 20, backoffBaseMs: 1, backoffCapMs: 2 } });
    tools.facts.set(`close:TCP:127.0.0.1:${receiver.port}`, { closed: true });
    const sink = openTcp(serverAt(receiver.port), tools);
    // One line is a megabyte, so that an attempt that is not forgotten shows.
    const write = sink.write(batchOf('feed', 1, 0, 1_000_000), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const usedBytes = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    await until(() => receiver.connections.accepted > 10);
    const beforeBytes = usedBytes();
    await until(() => receiver.connections.accepted > 60);
    expect(usedBytes() - beforeBytes).toBeLessThan(25_000_000);
    await sink.close();
    await ended;
  });
});
