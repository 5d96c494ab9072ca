/** What a caller at the control socket can do with the running program. */
import type { App } from './app.ts';
import { Aside } from './aside.ts';
import type { QueryProgram } from './control/query-answer.ts';
import type { QueryView } from './control/query-view.ts';
import { backfillPart } from './backfill-parts.ts';
import { gapForMachines, openGapsOf } from './checkpoint/acknowledge.ts';
import type { Controls } from './control/controls.ts';
import type { Clock } from './core/clock.ts';
import type { Logger } from './core/log.ts';
import type { ReloadReport, Selection } from './core/requests.ts';
import { packageVersion } from './core/version.ts';
import type { Feed } from './engine/feed.ts';
import { queryView } from './query-parts.ts';
import type { Lately } from './status/lately.ts';
import { type Look, Monitor } from './status/monitor.ts';
import type { FeedPart, OtherPart, Parts, ServerPart } from './status/parts.ts';

const keptForMs = 2_000;
// Measured: a look at 25,000 feeds costs 10 ms.
const seenForMs = 1_000;

export interface ControlTools {
  readonly app: App;
  readonly clock: Clock;
  readonly log: Logger;
  /** This machine's name. */
  readonly sender: string;
  readonly startedMs: number;
  readonly configFile: string;
  readonly stateDirectory: string;
  /** One at a time with the commands. */
  readonly acknowledge: Controls['acknowledge'];
  readonly reopenLogs: () => Promise<void>;
  readonly reload: () => Promise<ReloadReport>;
  /** Why the config file was not taken over when it was last asked for. */
  readonly reloadTrouble: () => OtherPart | undefined;
  readonly stop: () => void;
  readonly lately: Pick<Lately, 'entries'>;
}

export interface RunningControls extends Controls, QueryProgram {
  /**
   * Watches from aside until `stop`, so that rates and the last hour are known. `lasts`: with heartbeats, and with an
   * eye on silence and certificates.
   */
  watch(stop: AbortSignal, lasts: boolean): Promise<void>;
  /** At most a second old. */
  look(): Promise<Look>;
}

export function createControls(tools: ControlTools): RunningControls {
  const { app, clock } = tools;
  const monitor = new Monitor({
    parts: () => partsOf(tools, aside),
    kept: () => app.storage.waiting(),
    clock,
  });
  const aside: Aside = new Aside({
    ...tools,
    parts: () => partsOf(tools, aside),
    look: () => monitor.recent(),
  });
  const each = (selection: Selection, act: (feed: Feed) => void): number => {
    const feeds = app.select(selection);
    feeds.forEach(act);
    return feeds.length;
  };
  const gapsOf = gapCounter(tools);
  let seen: { readonly view: QueryView; readonly atMs: number } | undefined;
  return {
    watch: async (stop, lasts) => {
      await Promise.all([monitor.run(stop), lasts ? aside.run(stop) : undefined]);
    },
    status: () => monitor.snapshot(),
    look: () => monitor.recent(),
    view: async (recent = false) => {
      if (recent && seen !== undefined && clock.monotonicMs() - seen.atMs < seenForMs)
        return seen.view;
      const gaps = await gapsOf();
      const parts = { nowMs: clock.nowMs(), feeds: app.feeds, servers: serverParts(app), gaps };
      seen = { view: queryView(parts), atMs: clock.monotonicMs() };
      return seen.view;
    },
    pause: (selection) => each(selection, ({ control }) => control.pause(clock.nowMs())),
    resume: (selection) => {
      const paused = app.select(selection).filter(({ control }) => control.isPaused);
      for (const { control, status } of paused) {
        status.cycles = 0;
        control.resume();
      }
      return paused.length;
    },
    stopAfter: (selection, cycles) =>
      each(selection, ({ control }) => {
        control.mostCycles = cycles > 0 ? cycles : Infinity;
      }),
    poll: (selection) =>
      each(selection, ({ source, control }) => {
        source.pollNow();
        control.wake();
      }),
    setInterval: (selection, seconds) =>
      each(selection, ({ source }) =>
        source.setInterval(seconds === undefined ? undefined : seconds * 1000),
      ),
    setMaxcount: (selection, rows) => each(selection, ({ source }) => source.setMaxcount(rows)),
    tap: (selection, perSecond) => {
      const feeds = app.select(selection).length;
      const tap = app.taps.open(selection, perSecond);
      return { feeds, drain: () => tap.drain(), close: tap.close };
    },
    backfill: (asked) => app.backfills.start(asked),
    stopBackfill: (key) => app.backfills.stop(key),
    gaps: async () => (await openGapsOf(tools.stateDirectory)).map(gapForMachines),
    acknowledge: tools.acknowledge,
    reopenLogs: tools.reopenLogs,
    reload: async () => {
      const report = await tools.reload();
      aside.reloaded();
      return report;
    },
    stop: tools.stop,
  };
}

/** Strangers may ask often: the state directory is looked at every few seconds at most. */
function gapCounter({ app, clock }: ControlTools): () => Promise<number> {
  let gaps = Promise.resolve(0);
  let atMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.monotonicMs() - atMs < keptForMs) return gaps;
    atMs = clock.monotonicMs();
    const before = gaps;
    // What cannot be read keeps its last count; whoever writes it tells.
    gaps = app.storage.waiting().then(
      (kept) => kept.gaps,
      () => before,
    );
    return gaps;
  };
}

function partsOf(tools: ControlTools, aside: Aside): Parts {
  const { app, clock, startedMs, configFile, stateDirectory } = tools;
  const { calls, limited, lastError, byEndpoint } = app.calls;
  const nowMs = clock.nowMs();
  const feeds = app.feeds.map(feedPart);
  const servers = serverParts(app).map((part) => ({ ...part, ...aside.ofServer(part) }));
  return {
    nowMs,
    startedMs,
    pid: process.pid,
    version: packageVersion(),
    configFile,
    stateDirectory,
    feeds,
    servers,
    silences: aside.silencesOf({ feeds, servers, startedMs }),
    duo: {
      calls,
      limited,
      behindMs: app.api.nowMs() - nowMs,
      byEndpoint,
      certificate: app.api.certificateEnd?.(),
      ...(lastError === undefined ? {} : { lastError }),
    },
    others: [tools.reloadTrouble(), accountsPart(app)].filter((part) => part !== undefined),
    lately: tools.lately.entries,
    backfill: backfillPart(app.backfills),
  };
}

function feedPart(feed: Feed): FeedPart {
  const { id, account, endpointName: endpoint, identity, source, status, control } = feed;
  const { pausedSinceMs } = control;
  const { intervalMs } = source;
  const server = identity.server.id;
  return { id, account, endpoint, server, pausedSinceMs, intervalMs, status };
}

/** After a reload the old sink of a server may still finish what it has: the newer one counts. */
function serverParts({ destinations }: App): readonly ServerPart[] {
  const parts = destinations.map(({ config: { id, protocol, hostname, port }, sink }) => {
    return { id, protocol, hostname, port, state: sink.state() };
  });
  return [...new Map(parts.map((part) => [part.id, part])).values()];
}

function accountsPart({ accountsTrouble: trouble }: App): OtherPart | undefined {
  if (trouble === undefined) return undefined;
  const { sinceMs, nextTryMs, error } = trouble;
  const { code, message, hint } = error;
  return {
    code,
    what: 'the list of child accounts',
    sinceMs,
    side: 'duo',
    message,
    hint,
    nextTryMs,
  };
}
