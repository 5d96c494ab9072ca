import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import { openUdp, UDP } from '../../src/sinks/udp.ts';
import { startUdpReceiver, type UdpOptions, type UdpReceiver } from '../../src/simulator/siem.ts';
import { endedAfterEach } from './helpers/closing.ts';
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

describe('a UDP server', () => {
  const closing = endedAfterEach();
  const start = (options: UdpOptions = {}): Promise<UdpReceiver> =>
    closing(startUdpReceiver(options));
  const texts = (receiver: UdpReceiver): string[] =>
    receiver.datagrams().map((datagram) => datagram.toString('utf8'));

  it.each(['127.0.0.1', '::1'])(
    'at %s gets one datagram per event that ends in LF',
    async (host) => {
      const receiver = await start({ host });
      const batch = batchOf('feed', 40);
      await withSink(
        UDP.open(serverAt(receiver.port, { hostname: host }), testTools()),
        async (sink) => {
          await sink.write(batch, never);
          await until(() => receiver.datagrams().length === 40);
          expect(texts(receiver)).toEqual(textsOf(batch).map((text) => `${text}\n`));
          expect(sink.state()).toMatchObject({ level: 'none', confirmedLines: 40 });
        },
      );
    },
  );

  it('is never sent more than 32 datagrams without a pause, nor more than a thousand a second', async () => {
    const receiver = await start();
    const arrivals: number[] = [];
    const receiverTwo = await start({ onLine: () => arrivals.push(performance.now()) });
    const tools = testTools({ timing: { settleMs: 0 } });
    await withSink(UDP.open(serverAt(receiverTwo.port), tools), async (sink) => {
      await sink.write(batchOf('feed', 320), never);
      await until(() => arrivals.length === 320);
      const first = arrivals[0] ?? 0;
      expect((arrivals[319] ?? 0) - first).toBeGreaterThan(240);
      expect(arrivals.filter((at) => at - first < 15).length).toBeLessThanOrEqual(32);
    });
    expect(receiver.datagrams()).toEqual([]);
  });

  it('gets no more events a second than max_events_per_second says', async () => {
    const receiver = await start();
    const server = serverAt(receiver.port, { maxEventsPerSecond: 50 });
    await withSink(UDP.open(server, testTools({ timing: { settleMs: 0 } })), async (sink) => {
      const beginMs = performance.now();
      await sink.write(batchOf('feed', 64), never);
      expect(performance.now() - beginMs).toBeGreaterThan(600);
    });
  });

  it('misses an event that is too long for a datagram, which goes to the dead letters, but no other', async () => {
    const receiver = await start();
    const tools = testTools();
    const small = batchOf('feed', 2);
    const large = batchOf('feed', 1, 2, 65_507);
    const batch = {
      ...small,
      lines: [small.lines[0], large.lines[0], small.lines[1]].flatMap((line) => line ?? []),
    };
    await withSink(UDP.open(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batch, never);
      await until(() => receiver.datagrams().length === 2);
      expect(texts(receiver)).toEqual(['feed:0\n', 'feed:1\n']);
      expect(tools.letters).toMatchObject([
        {
          feedId: 'feed',
          serverId: 'siem',
          eventId: 'feed-2',
          reason: 'oversize',
          account: batch.origin.account,
          endpoint: 'auth',
          line: large.lines[0]?.bytes,
        },
      ]);
      expect(sink.state().confirmedLines).toBe(2);
    });
  });

  it('gets the largest datagram there is', async () => {
    const receiver = await start();
    const line = { bytes: Buffer.alloc(65_506, 'x'), id: 'x', timeMs: 0 };
    const tools = testTools();
    await withSink(UDP.open(serverAt(receiver.port), tools), async (sink) => {
      await sink.write({ ...batchOf('feed', 0), lines: [line] }, never);
      await until(() => receiver.datagrams().length === 1);
      expect(receiver.datagrams()[0]).toHaveLength(65_507);
      expect(tools.letters).toEqual([]);
    });
  });

  it('is not sent a batch again and again while the dead letters are full', async () => {
    const receiver = await start();
    let isFull = true;
    const tools = {
      ...testTools(),
      deadLetters: {
        add: async () => {
          if (isFull) throw new ForwarderError('dead_letter_full', 'full');
        },
      },
    };
    const batch = {
      ...batchOf('feed', 1),
      lines: [...batchOf('feed', 1).lines, ...batchOf('feed', 1, 1, 70_000).lines],
    };
    await withSink(UDP.open(serverAt(receiver.port), tools), async (sink) => {
      const write = sink.write(batch, never);
      expect(await isPending(write, 400)).toBe(true);
      expect(sink.state().trouble).toMatchObject({ code: 'dead_letter_full' });
      isFull = false;
      await write;
      expect(sink.state().trouble).toBeUndefined();
      expect(texts(receiver)).toEqual(['feed:0\n']);
    });
  });

  it('that is not there, as ICMP tells, gets the whole batch when it is back', async () => {
    const receiver = await start();
    await receiver.stop();
    const tools = testTools();
    // One datagram: the error comes after its send was reported as done.
    const batch = batchOf('feed', 1);
    await withSink(UDP.open(serverAt(receiver.port), tools), async (sink) => {
      const write = sink.write(batch, never);
      expect(await isPending(write, 300)).toBe(true);
      expect(sink.state().trouble).toMatchObject({ code: 'server_refused' });
      await receiver.start();
      await write;
      await until(() => receiver.datagrams().length >= 1);
      expect(texts(receiver)).toEqual(textsOf(batch).map((text) => `${text}\n`));
      expect(tools.said.map(({ level }) => level)).toEqual(['warn', 'info']);
    });
  });

  it('is looked up again after trouble, and may have moved', async () => {
    const receiver = await start();
    let lookups = 0;
    const machine: Machine = {
      ...thisMachine,
      async resolve() {
        lookups += 1;
        return [{ address: lookups === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }];
      },
    };
    const server = serverAt(receiver.port, { hostname: 'siem.test' });
    await withSink(openUdp(server, testTools(), machine), async (sink) => {
      await sink.write(batchOf('feed', 3), never);
      await until(() => receiver.datagrams().length === 3);
      expect(lookups).toBe(2);
    });
  });

  it('whose name does not resolve is said to be unknown', async () => {
    const machine: Machine = {
      ...thisMachine,
      resolve: async () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' })),
    };
    const sink = openUdp(serverAt(514, { hostname: 'siem.test' }), testTools(), machine);
    await expect(sink.check(() => undefined, never)).rejects.toMatchObject({
      code: 'server_unknown_host',
    });
    await sink.close();
  });

  it('has a write end with the reason when it is aborted, and another go on', async () => {
    const receiver = await start();
    const abort = new AbortController();
    const server = serverAt(receiver.port, { maxEventsPerSecond: 32 });
    await withSink(UDP.open(server, testTools()), async (sink) => {
      const first = sink.write(batchOf('first', 64), abort.signal);
      const second = sink.write(batchOf('second', 5), never);
      const reason = new Error('the feed leaves');
      abort.abort(reason);
      await expect(first).rejects.toBe(reason);
      await second;
      await until(() => texts(receiver).filter((text) => text.startsWith('second')).length === 5);
    });
  });

  it('ends every write when it is closed, and closes twice', async () => {
    const receiver = await start();
    await receiver.stop();
    const sink = UDP.open(serverAt(receiver.port), testTools());
    const write = sink.write(batchOf('feed', 1), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await sink.close();
    await sink.close();
    await ended;
  });

  it('is checked by its name only, and the check says that UDP can not tell more', async () => {
    const steps: string[] = [];
    const sink = UDP.open(serverAt(514), testTools());
    await sink.check((step) => steps.push(step), never);
    expect(steps).toEqual(['resolve', 'send']);
    await sink.close();
  });
});
