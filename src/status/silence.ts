import type { FeedPart, ServerPart, SilencePart } from './parts.ts';
import type { Problem } from './problems.ts';

export interface SilenceFacts {
  readonly feeds: readonly FeedPart[];
  readonly servers: readonly ServerPart[];
  readonly startedMs: number;
  /** Endpoint → hours. */
  readonly alertAfter: Readonly<Record<string, number | undefined>>;
}

const hourMs = 3_600_000;

/**
 * How long each log that is watched has had no event. The newest event of all its feeds counts, because a small
 * account is silent by nature, and only as far as a feed that is well has read: what is behind, in trouble or
 * paused is no silence, and one that was told before is neither confirmed nor over then.
 */
export function silencesOf({ alertAfter, ...facts }: SilenceFacts): readonly SilencePart[] {
  const troubled = new Set(
    facts.servers.filter(({ state }) => state.trouble !== undefined).map(({ id }) => id),
  );
  return Object.entries(alertAfter).flatMap(([endpoint, hours]): SilencePart[] => {
    const feeds = facts.feeds.filter((feed) => feed.endpoint === endpoint);
    if (hours === undefined || feeds.length === 0) return [];
    // One that Duo showed late may be older than those before the start.
    const events = feeds.flatMap(({ status }) => [status.lastEventMs, status.takenBeforeMs]);
    const newestMs = greatest(events.filter((timeMs) => timeMs !== undefined));
    const sinceMs = newestMs ?? watchedSinceMs(feeds, facts.startedMs);
    const readToMs = greatest(
      feeds
        .filter((feed) => isWell(feed) && !troubled.has(feed.server))
        .flatMap(({ status }) => status.confirmedToMs ?? []),
    );
    const accounts = new Set(feeds.map(({ account }) => account.id)).size;
    const afterMs = hours * hourMs;
    const isSilent = readToMs === undefined ? undefined : readToMs - sinceMs >= afterMs;
    return [{ endpoint, accounts, sinceMs, afterMs, isSilent }];
  });
}

/** Pure, like all problems; 10,000 feeds are gone through once for each log that is watched. */
export function silenceProblems(silences: readonly SilencePart[]): Problem[] {
  return silences
    .filter(({ isSilent }) => isSilent === true)
    .map((silence) => ({
      kind: 'silence',
      what:
        silence.accounts > 1
          ? `${silence.endpoint} of ${silence.accounts} accounts`
          : silence.endpoint,
      sinceMs: silence.sinceMs,
      side: 'duo',
      code: 'log_silent',
      message: silenceMessage(silence),
      nextTryMs: undefined,
      remedy: silenceRemedy,
      feeds: 0,
    }));
}

export function silenceMessage({ endpoint, afterMs }: SilencePart): string {
  const hours = Math.round((afterMs / hourMs) * 100) / 100;
  return `No new ${endpoint} event for more than ${hours} h (alert_after), though Duo answers`;
}

export const silenceRemedy =
  'Look at this log in the Duo Admin Panel. If it has newer events, check that account.hostname and ikey are of that account; if it has none, see whether sign-ins still pass through Duo. For a log that is quiet by nature, raise alert_after.';

/** A log that a reload has brought was not looked at before. */
function watchedSinceMs(feeds: readonly FeedPart[], startedMs: number): number {
  const firstMs = feeds.reduce(
    (first, { status }) => Math.min(first, status.createdMs ?? startedMs),
    Infinity,
  );
  return Math.max(startedMs, firstMs);
}

function isWell({ pausedSinceMs, status }: FeedPart): boolean {
  return pausedSinceMs === undefined && status.phase === 'running' && status.problem === undefined;
}

function greatest(times: readonly number[]): number | undefined {
  return times.reduce<number | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
}
