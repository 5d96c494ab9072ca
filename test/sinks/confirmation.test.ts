import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { JsonValue } from '../../src/core/types.ts';
import {
  startTcpReceiver,
  type StreamOptions,
  type StreamReceiver,
} from '../../src/simulator/siem.ts';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import type { ServerOptions } from '../../src/sinks/sink.ts';
import { openTcp } from '../../src/sinks/tcp.ts';
import { endedAfterEach, textsAt } from './helpers/closing.ts';
import {
  batchOf,
  isPending,
  never,
  serverAt,
  testTools,
  textsOf,
  type TestTools,
  until,
  withSink,
} from './helpers/tools.ts';

const dayMs = 86_400_000;
const elsewhere: Machine = { ...thisMachine, seesTxQueue: false };
const weaker = thisMachine.seesTxQueue ? 'transport' : 'none';

describe('how a server confirms', () => {
  const closing = endedAfterEach();
  const start = (options: StreamOptions = {}): Promise<StreamReceiver> =>
    closing(startTcpReceiver(options));
  const neverCloses: StreamOptions = { behaviour: { onHalfClose: 'never' } };
  const warnings = (tools: TestTools): string[] =>
    tools.said.filter(({ level }) => level === 'warn').map(({ sentence }) => sentence);
  const keyOf = ({ protocol, hostname, port }: ServerOptions): string =>
    `close:${protocol}:${hostname}:${port}`;

  it.each([
    ['where the kernel tells what the peer took', { ...thisMachine }, weaker],
    ['elsewhere', elsewhere, 'none'],
  ] as const)(
    'is weaker after three groups, with one clear warning, if it never closes (%s)',
    async (_, machine, level) => {
      const receiver = await start(neverCloses);
      const tools = testTools({ timing: { progressMs: 150 } });
      const server = serverAt(receiver.port);
      await withSink(openTcp(server, tools, machine), async (sink) => {
        await sink.write(batchOf('feed', 40), never);
        expect(sink.state()).toMatchObject({ level, confirmedLines: 40 });
        expect(receiver.connections.accepted).toBe(4);
        await until(() => new Set(textsAt(receiver)).size === 40);
        expect(warnings(tools)).toEqual([
          'server in trouble; lines wait and are sent when it is back',
          'server never closes after us, so its confirmation is weaker from now on',
        ]);
        await sink.write(batchOf('feed', 40, 40), never);
        expect(receiver.connections.accepted).toBe(4);
        await until(() => textsAt(receiver).at(-1) === 'feed:79');
        expect(textsAt(receiver).slice(-40)).toEqual(textsOf(batchOf('feed', 40, 40)));
        expect(tools.facts.get(keyOf(server))).toMatchObject({ closed: false });
      });
    },
  );

  it('starts weaker after a restart, without a warning and without a wait', async () => {
    const receiver = await start(neverCloses);
    const server = serverAt(receiver.port);
    const facts = new Map<string, JsonValue>([
      [keyOf(server), { closed: false, fellBackAtMs: Date.now() }],
    ]);
    const tools = testTools({ facts, timing: { progressMs: 60_000 } });
    await withSink(openTcp(server, tools), async (sink) => {
      await sink.write(batchOf('feed', 5), never);
      expect(textsAt(receiver)).toHaveLength(5);
      expect(sink.state().level).toBe(weaker);
      expect(tools.said).toEqual([]);
    });
  });

  it('is tried at full strength once a day, costs no repeats, and waits another day when it still does not close', async () => {
    const receiver = await start(neverCloses);
    const server = serverAt(receiver.port);
    const fellBackAtMs = Date.now() - dayMs;
    const facts = new Map<string, JsonValue>([[keyOf(server), { closed: false, fellBackAtMs }]]);
    const tools = testTools({ facts, timing: { progressMs: 150 } });
    await withSink(openTcp(server, tools), async (sink) => {
      for (let n = 0; n < 3; n += 1) await sink.write(batchOf('feed', 2, n * 2), never);
      expect(textsAt(receiver)).toEqual(textsOf(batchOf('feed', 6)));
      expect(receiver.connections.accepted).toBe(2);
      expect(facts.get(keyOf(server))).not.toMatchObject({ fellBackAtMs });
      expect(tools.said).toEqual([]);
    });
  });

  it('is at full strength again when the daily try shows that it closes now', async () => {
    const receiver = await start();
    const server = serverAt(receiver.port);
    const facts = new Map<string, JsonValue>([
      [keyOf(server), { closed: false, fellBackAtMs: Date.now() - dayMs }],
    ]);
    const tools = testTools({ facts });
    await withSink(openTcp(server, tools), async (sink) => {
      expect(sink.state().level).toBe(weaker);
      await sink.write(batchOf('feed', 2), never);
      expect(sink.state().level).toBe('drained');
      expect(facts.get(keyOf(server))).toEqual({ closed: true });
    });
  });

  it('never becomes weaker once it has closed: a frozen server is waited for, and the wait is shown', async () => {
    const receiver = await start();
    const server = serverAt(receiver.port);
    const tools = testTools({ timing: { progressMs: 150 } });
    await withSink(openTcp(server, tools), async (sink) => {
      await sink.write(batchOf('feed', 1), never);
      expect(tools.facts.get(keyOf(server))).toEqual({ closed: true });
      receiver.behaviour.onHalfClose = 'never';
      const write = sink.write(batchOf('feed', 20, 1), never);
      await until(() => receiver.connections.accepted > 6);
      expect(sink.state()).toMatchObject({
        level: 'drained',
        trouble: { code: 'server_not_closing' },
        confirmedLines: 1,
      });
      expect(tools.said[0]?.fields['hint']).toContain('look whether it runs');
      receiver.behaviour.onHalfClose = 'close';
      await write;
      expect(sink.state()).toMatchObject({ level: 'drained', confirmedLines: 21 });
    });
  });

  it('is remembered across a restart: a server that closed before is waited for from the first group on', async () => {
    const receiver = await start(neverCloses);
    const server = serverAt(receiver.port);
    const facts = new Map<string, JsonValue>([[keyOf(server), { closed: true }]]);
    const tools = testTools({ facts, timing: { progressMs: 150 } });
    const sink = openTcp(server, tools);
    const write = sink.write(batchOf('feed', 20), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await until(() => receiver.connections.accepted > 6);
    expect(sink.state()).toMatchObject({ level: 'drained', confirmedLines: 0 });
    await sink.close();
    await ended;
  });

  it('is not judged by groups that failed otherwise in between', async () => {
    const receiver = await start({ behaviour: { onHalfClose: 'never' } });
    Object.defineProperty(receiver.behaviour, 'onHalfClose', {
      get: () => (receiver.connections.accepted % 3 === 0 ? 'reset' : 'never'),
    });
    const tools = testTools({ timing: { progressMs: 150 } });
    const sink = openTcp(serverAt(receiver.port), tools);
    const write = sink.write(batchOf('feed', 64), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await until(() => receiver.connections.accepted > 9);
    expect(sink.state().level).toBe('drained');
    await sink.close();
    await ended;
  });

  it('stays as strong as "confirm: drained" says, even if it never closes', async () => {
    const receiver = await start(neverCloses);
    const tools = testTools({ timing: { progressMs: 150 } });
    const sink = openTcp(serverAt(receiver.port, { confirm: 'drained' }), tools);
    const write = sink.write(batchOf('feed', 20), never);
    const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
    await until(() => receiver.connections.accepted > 6);
    expect(sink.state().level).toBe('drained');
    await sink.close();
    await ended;
  });

  it('is by one long-lived connection with "confirm: transport", and only as the peer takes the lines', async () => {
    const receiver = await start(neverCloses);
    const tools = testTools({ timing: { progressMs: 60_000 } });
    const server = serverAt(receiver.port, { confirm: 'transport' });
    await withSink(openTcp(server, tools), async (sink) => {
      await sink.write(batchOf('feed', 3_000), never);
      await until(() => receiver.received === 3_000);
      expect(receiver.connections.accepted).toBe(1);
      receiver.pause();
      const padded = 100_000;
      const large = sink.write(batchOf('feed', 100, 3_000, padded), never);
      expect(await isPending(large, 500)).toBe(true);
      receiver.resume();
      await large;
      expect(tools.said).toEqual([]);
    });
  });

  it('is said to be none where "confirm: transport" can not be had', async () => {
    const receiver = await start(neverCloses);
    const tools = testTools();
    const server = serverAt(receiver.port, { confirm: 'transport' });
    await withSink(openTcp(server, tools, elsewhere), async (sink) => {
      await sink.write(batchOf('feed', 3), never);
      expect(sink.state().level).toBe('none');
      expect(warnings(tools)).toEqual([
        'confirm: transport needs Linux; here it is the same as none',
      ]);
    });
  });

  it('is not at all with "confirm: none", as a warning says at the start', async () => {
    const receiver = await start({ behaviour: { onHalfClose: 'never' } });
    const tools = testTools();
    await withSink(openTcp(serverAt(receiver.port, { confirm: 'none' }), tools), async (sink) => {
      expect(warnings(tools)).toEqual([
        'lines to this server count as delivered before it has them',
      ]);
      await sink.write(batchOf('feed', 3), never);
      await sink.write(batchOf('feed', 3, 3), never);
      await until(() => receiver.received === 6);
      expect(receiver.connections.accepted).toBe(1);
      expect(sink.state()).toMatchObject({ level: 'none', confirmedLines: 6 });
    });
  });

  it('by a long-lived connection survives a restart of the server, with the last groups sent again', async () => {
    const receiver = await start();
    const server = serverAt(receiver.port, { confirm: 'transport' });
    const tools = testTools({ clock: systemClock });
    await withSink(openTcp(server, tools), async (sink) => {
      for (let n = 0; n < 3; n += 1) await sink.write(batchOf('feed', 1, n), never);
      await until(() => receiver.received === 3);
      await receiver.stop();
      await receiver.start();
      await sink.write(batchOf('feed', 1, 3), never);
      await until(() => receiver.received === 6);
      expect(textsAt(receiver)).toEqual([
        'feed:0',
        'feed:1',
        'feed:2',
        'feed:1',
        'feed:2',
        'feed:3',
      ]);
    });
  });
});
