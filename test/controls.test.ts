import { describe, expect, it } from 'vitest';
import type { App } from '../src/app.ts';
import type { Backfills } from '../src/backfill/backfills.ts';
import type { Config, Settings } from '../src/config/schema.ts';
import { createControls } from '../src/controls.ts';
import { ForwarderError } from '../src/core/errors.ts';
import { CallCounts } from '../src/duo/counted-calls.ts';
import { selectFeeds } from '../src/engine/select.ts';
import { Taps } from '../src/engine/taps.ts';
import type { Snapshot } from '../src/status/snapshot.ts';
import { bench, never } from './engine/parts.ts';
import type { Storage } from '../src/storage.ts';

function running() {
  const parts = bench();
  const feeds = ['siem', 'archive'].map((server) => parts.feed(server));
  const told: string[] = [];
  const dls_settings = { alert_after: {} } as Partial<Settings> as Settings;
  const app: Partial<App> = {
    feeds,
    destinations: [],
    storage: { waiting: async () => ({ gaps: 0, deadLetters: 0 }) } as Partial<Storage> as Storage,
    calls: Object.assign(new CallCounts(), { calls: 7, limited: 2 }),
    api: {
      ...parts.duo,
      send: parts.duo.send.bind(parts.duo),
      nowMs: () => parts.clock.nowMs() + 3_000,
      close: async () => undefined,
    },
    accountsTrouble: undefined,
    config: { servers: [], dls_settings } as Partial<Config> as Config,
    select: (names) => selectFeeds(feeds, names),
    taps: new Taps(parts.clock),
    backfills: { progress: undefined } as Partial<Backfills> as Backfills,
  };
  const controls = createControls({
    app: app as App,
    clock: parts.clock,
    log: parts.log,
    sender: 'here',
    startedMs: parts.clock.startMs,
    configFile: '/etc/config.yml',
    stateDirectory: '/var/lib/state',
    acknowledge: async (ids) => {
      told.push(`ack ${String(ids)}`);
      return ids.length;
    },
    reopenLogs: async () => void told.push('reopen'),
    reload: async () => ({
      started: [],
      restarted: [],
      stopped: [],
      unchanged: 2,
      needsRestart: [],
    }),
    reloadTrouble: () => undefined,
    stop: () => void told.push('stop'),
    lately: { entries: [] },
  });
  const status = async (): Promise<Snapshot> => (await controls.status()) as Snapshot;
  return { ...parts, feeds, app, controls, told, status };
}

describe('what a command can do with the running program', () => {
  it('concerns the feeds that it names, and says how many', () => {
    const { controls, feeds } = running();
    expect(controls.pause({ server: 'siem' })).toBe(1);
    expect(feeds.map(({ control }) => control.isPaused)).toEqual([true, false]);
    expect(controls.resume({ server: 'archive' })).toBe(0);
    expect(controls.resume({})).toBe(1);
    expect(feeds.map(({ control }) => control.isPaused)).toEqual([false, false]);
    expect(() => controls.poll({ endpoint: 'telephony' })).toThrow(ForwarderError);
  });

  it('sets the pace of polls in seconds, and back to what the config says', () => {
    const { controls, feeds } = running();
    expect(controls.setInterval({ server: 'siem' }, 600)).toBe(1);
    expect(feeds.map(({ source }) => source.intervalMs)).toEqual([600_000, 120_000]);
    controls.setInterval({}, undefined);
    expect(feeds.map(({ source }) => source.intervalMs)).toEqual([120_000, 120_000]);
    controls.setMaxcount({}, 50);
    expect(feeds[0]?.source.asked({ limit: '1000' })).toEqual({ limit: '50' });
  });

  it('lets a feed stop by itself after so many polls, counted anew when it is started again', () => {
    const { controls, feeds } = running();
    const [siem] = feeds;
    expect(controls.stopAfter({ server: 'siem' }, 5)).toBe(1);
    expect(feeds.map(({ control }) => control.mostCycles)).toEqual([5, Infinity]);
    siem?.status.cycled();
    controls.resume({});
    expect(siem?.status.cycles).toBe(1);
    controls.pause({});
    controls.resume({});
    expect(siem?.status.cycles).toBe(0);
    controls.stopAfter({}, 0);
    expect(siem?.control.mostCycles).toBe(Infinity);
  });

  it('lets strangers see what the query port shows as it was a moment ago, however often they ask', async () => {
    const { controls, feeds, clock } = running();
    const shown = async (recent: boolean): Promise<string | undefined> =>
      (await controls.view(recent)).threads[0]?.state;
    expect(await shown(true)).toBe('running');
    controls.pause({});
    for (const { status } of feeds) status.activity.at('paused');
    expect(await shown(true)).toBe('running');
    expect(await shown(false)).toBe('idle');
    expect(await shown(true)).toBe('idle');
    controls.resume({});
    await clock.sleep(1_000, never);
    expect(await shown(true)).toBe('running');
  });

  it('shows the query port its threads, with gaps counted every few seconds at most', async () => {
    const { controls, app, clock } = running();
    let gaps = 1;
    Object.assign(app.storage ?? {}, {
      waiting: async () => ({ gaps: gaps++, deadLetters: 0 }),
    });
    expect(await controls.view()).toMatchObject({ threads: [{ endpoint: 'auth' }], gaps: 1 });
    expect(await controls.view()).toMatchObject({ gaps: 1 });
    await clock.sleep(10_000, never);
    expect(await controls.view()).toMatchObject({ gaps: 2 });
    Object.assign(app.storage ?? {}, { waiting: () => Promise.reject(new Error('no right')) });
    await clock.sleep(10_000, never);
    expect(await controls.view()).toMatchObject({ gaps: 2 });
  });

  it('shows lines of the feeds that it names, until that is closed', () => {
    const { controls, app, feeds } = running();
    expect(() => controls.tap({ endpoint: 'telephony' }, 100)).toThrow(ForwarderError);
    expect(app.taps?.isOpen).toBe(false);
    const tap = controls.tap({ server: 'archive' }, 100);
    expect(tap.feeds).toBe(1);
    for (const feed of feeds)
      app.taps?.went(feed, [{ bytes: Buffer.from('a line'), id: 'a', timeMs: 0 }]);
    expect(tap.drain()).toMatchObject({ lines: [{ server: 'archive', line: 'a line' }] });
    tap.close();
    expect(app.taps?.isOpen).toBe(false);
  });

  it('is passed on to who can do it', async () => {
    const { controls, told } = running();
    await controls.reopenLogs();
    expect(await controls.acknowledge(['g1', 'g2'])).toBe(2);
    controls.stop();
    expect(told).toEqual(['reopen', 'ack g1,g2', 'stop']);
    expect(await controls.reload()).toMatchObject({ unchanged: 2 });
  });
});

describe('the status of the running program', () => {
  it('tells of feeds, of Duo, and of what is paused as a problem', async () => {
    const { controls, status } = running();
    expect(await status()).toMatchObject({
      state: 'healthy',
      config: '/etc/config.yml',
      duo: { calls: 7, rate_limited: 2, clock_behind_seconds: 3 },
      feeds: [{ id: 'auth > siem' }, { id: 'auth > archive' }],
    });
    controls.pause({ server: 'archive' });
    expect(await status()).toMatchObject({ state: 'degraded', problems: [{ feeds: 1 }] });
  });

  it('tells that child accounts cannot be listed', async () => {
    const { app, status, clock } = running();
    const error = new ForwarderError('accounts_empty', 'Duo listed no child account', {
      hint: 'Look.',
    });
    Object.assign(app, {
      accountsTrouble: { sinceMs: clock.startMs, error, nextTryMs: clock.startMs },
    });
    expect((await status()).problems).toMatchObject([
      { code: 'accounts_empty', side: 'duo', what: 'the list of child accounts', remedy: 'Look.' },
    ]);
  });
});
