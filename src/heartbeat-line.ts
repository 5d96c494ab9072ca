/** What a heartbeat says, in the format of the server that gets it. */
import { isoTime } from './core/iso-time.ts';
import type { Account, EventProfile, JsonObject } from './core/types.ts';
import type { Formatter } from './formatters/formatter.ts';

export interface Beat {
  readonly nowMs: number;
  readonly startedMs: number;
  /** Counts intervals from 1 since the start or since the interval was set: a number that is missing was not sent. */
  readonly number: number;
  readonly everySeconds: number;
  readonly server: string;
  /** This machine's name. */
  readonly sender: string;
  /** That of the config: its API host is told as that of its events is. */
  readonly account: Account;
  readonly version: string;
  readonly isDegraded: boolean;
  readonly problems: number;
}

/** Never an event's content, nothing secret, no names but those of the config. */
export function heartbeatLine(formatter: Formatter, beat: Beat): Uint8Array {
  const { nowMs, startedMs, number, everySeconds, server, sender, account, version } = beat;
  const body = {
    // Spelled as in Duo's own logs, so that their parsers find the time.
    timestamp: Math.floor(nowMs / 1000),
    isotimestamp: isoTime(nowMs),
    state: beat.isDegraded ? 'degraded' : 'healthy',
    problems: beat.problems,
    number,
    every_seconds: everySeconds,
    up_seconds: Math.max(0, Math.floor((nowMs - startedMs) / 1000)),
    server,
    sender,
    version,
  };
  const event = {
    id: `heartbeat-${number}`,
    timeMs: nowMs,
    source: Buffer.from(JSON.stringify(body)),
    body,
  };
  const origin = { account, endpoint: 'heartbeat', sender, sentAtMs: nowMs };
  // The formatter's memory is shared with the events'.
  return Uint8Array.from(formatter.format(event, origin, profile));
}

const textAt =
  (key: string) =>
  (body: JsonObject): JsonObject[string] | undefined =>
    body[key];

function timeOf({ isotimestamp }: JsonObject): number | undefined {
  return typeof isotimestamp === 'string' ? Date.parse(isotimestamp) : undefined;
}

const profile: EventProfile = {
  eventType: 'duologsync_heartbeat',
  labelled: true,
  classify: ({ state }) => ({
    id: 'duologsync.heartbeat',
    name: 'duologsync heartbeat',
    severity: state === 'healthy' ? 1 : 5,
  }),
  facts: [
    { means: 'time', read: timeOf },
    { means: 'outcome', read: textAt('state') },
    { means: { label: 'problems', slot: 1, holds: 'number' }, read: textAt('problems') },
    { means: { label: 'number', slot: 2, holds: 'number' }, read: textAt('number') },
    { means: { label: 'every_seconds', slot: 3, holds: 'number' }, read: textAt('every_seconds') },
    { means: { label: 'server', slot: 1, holds: 'text' }, read: textAt('server') },
    { means: { label: 'sender', slot: 2, holds: 'text' }, read: textAt('sender') },
  ],
};
