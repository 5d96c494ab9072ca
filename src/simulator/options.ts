import type { Authority, LeafRequest } from './certificates.ts';
import type { EndpointName } from './endpoints.ts';
import type { SignatureVersion } from './signature.ts';

/** Credentials that the simulator knows. */
export interface SimulatedAccount {
  readonly ikey: string;
  readonly skey: string;
  /** The host that is called and signed: no port, any case. */
  readonly host: string;
  /** `accounts`: a parent's Accounts API key, good for `account/list` and its children's logs. */
  readonly kind: 'admin' | 'accounts';
  /** The logs it may read; without it all of them. An edition without Trust Monitor is a list without it. */
  readonly permissions?: readonly EndpointName[];
  /** The addresses it may be called from ("Networks for API access"); without it any. */
  readonly networks?: readonly string[];
}

/** An MSP's child account; its logs are added and read under its id. */
export interface SimulatedChild {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** What `account/list` says; without it `host:port` of the simulator, so that it can be called. */
  readonly apiHostname?: string;
  readonly permissions?: readonly EndpointName[];
}

export interface RateLimit {
  readonly perMinute: number;
  /** How many calls a rested bucket lets go at once; without it `perMinute`. */
  readonly burst?: number;
  /** Refused calls count as calls: only a caller that is quiet for a while gets through again. */
  readonly rejectedCallsCount: boolean;
}

/** Behaviours that no source settles; a right client bears each setting. */
export interface Switches {
  /** A cursor comes with every page that has rows, or not with the last one. */
  readonly nextOffsetOnLastPage: boolean;
  /** An empty page of activity and telephony. (Auth always says null.) */
  readonly emptyOffset: 'absent' | 'null' | 'no metadata';
  /** `maxtime` is compared with a row's time cut to milliseconds, or with its microseconds. */
  readonly maxtimeUnit: 'ms' | 'us';
  /** Rows of one millisecond are ordered by microsecond, or by id. */
  readonly order: 'us' | 'ms';
  readonly totals: 'number' | 'object';
  /** Beside a cursor, `mintime` still counts, or not. */
  readonly mintimeWithOffset: 'applied' | 'ignored';
  /** activity and telephony take `next_offset` twice, as auth does. */
  readonly repeatedOffsetEverywhere: boolean;
  /** Rows of one second of a v1 log come in another order each time. */
  readonly shuffledSeconds: boolean;
  /** v1 pages hold this many rows more than 1,000. */
  readonly pageExtra: number;
  /** Trust Monitor's rows come in the order of time, or in none. */
  readonly monitorOrder: 'time' | 'none';
  /** Trust Monitor's `offset` is good for the window that it was given out for, or for any. */
  readonly monitorTokens: 'this window' | 'any window';
  /** An Authorization header works only once, not for a minute. */
  readonly refuseAnyReuse: boolean;
  /** The answer's JSON has blanks after commas and colons, and `stat` comes first. */
  readonly spacedJson: boolean;
  /** Bodies go out chunked, cut at odd bytes (inside characters, too). */
  readonly oddChunks: boolean;
  /** Bodies are compressed for those who say that they accept gzip. */
  readonly gzip: boolean;
}

export const defaultSwitches: Switches = {
  nextOffsetOnLastPage: true,
  emptyOffset: 'absent',
  maxtimeUnit: 'ms',
  order: 'us',
  totals: 'number',
  mintimeWithOffset: 'applied',
  repeatedOffsetEverywhere: false,
  shuffledSeconds: false,
  pageExtra: 0,
  monitorOrder: 'none',
  monitorTokens: 'this window',
  refuseAnyReuse: false,
  spacedJson: false,
  oddChunks: false,
  gzip: false,
};

export interface DuoOptions extends Partial<Switches> {
  readonly accounts?: readonly SimulatedAccount[];
  readonly children?: readonly SimulatedChild[];
  /** The simulated Duo's clock, also in its Date header; without it the machine's. */
  readonly nowMs?: () => number;
  /** How old a row is when Duo first shows it; 120,000 unless set. */
  readonly visibleDelayMs?: number;
  /** How far a caller's Date may be off; 300,000 unless set. */
  readonly skewToleranceMs?: number;
  readonly rateLimit?: RateLimit;
  /** v2-sha512 and v5 unless set. */
  readonly accept?: readonly SignatureVersion[];
  /** How long each answer takes, in real time. */
  readonly latencyMs?: number;
  /** Who signs the server's certificate; without it a fresh authority. */
  readonly authority?: Authority;
  /** For certificates that are expired or carry another name. */
  readonly certificate?: Partial<LeafRequest>;
  /** A free port unless set. */
  readonly port?: number;
  /** A firewall before Duo: connections from other ports than these are ended before a request is read. */
  readonly admits?: (clientPort: number) => boolean;
}

/** The account of a simulator that was given none. */
export const defaultAccount: SimulatedAccount = {
  ikey: 'DISIMULATOR000000000',
  skey: 'simulated-secret-simulated-secret-000000',
  host: 'localhost',
  kind: 'admin',
};

export const maximumAgeMs = 180 * 86_400_000;
