import type { IncomingHttpHeaders } from 'node:http';
import { endpointRules } from './endpoints.ts';
import type { EndpointName } from './endpoints.ts';
import { defaultAccount, defaultSwitches } from './options.ts';
import type { DuoOptions, SimulatedAccount, SimulatedChild, Switches } from './options.ts';
import { createBucket } from './rate-limit.ts';
import type { Bucket } from './rate-limit.ts';
import { createTokens } from './monitor-tokens.ts';
import type { Tokens } from './monitor-tokens.ts';
import type { SignatureVersion } from './signature.ts';
import { RowStore } from './store.ts';

/** A request after HTTP, before Duo's rules. */
export interface DuoRequest {
  readonly method: string;
  /** From the Host header, without port, lower-cased. */
  readonly host: string;
  /** The name of the TLS handshake; undefined when an address was called. */
  readonly serverName: string | undefined;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly clientAddress: string;
}

/** Everything that the simulated Duo knows. */
export interface World {
  readonly accounts: readonly SimulatedAccount[];
  readonly children: readonly SimulatedChild[];
  readonly accept: readonly SignatureVersion[];
  readonly switches: Switches;
  readonly skewToleranceMs: number;
  /** The offsets that Trust Monitor gave out. */
  readonly tokens: Tokens;
  nowMs(): number;
  /** The rows of an account (its ikey) or child (its id). */
  store(account: string, endpoint: EndpointName): RowStore;
  /** The calls left to an account and endpoint; undefined when nothing is limited. */
  bucket(account: string, endpoint: string): Bucket | undefined;
  /** Since when that Authorization header is known, and whether it came before; noted when new. */
  firstSeen(authorization: string): { readonly sinceMs: number; readonly again: boolean };
  /** Replaces the children: they come and go between two lists. */
  setChildren(children: readonly SimulatedChild[]): void;
  /** Replaces the accounts: keys are revoked and reset, permissions change. */
  setAccounts(accounts: readonly SimulatedAccount[]): void;
}

export function createWorld(options: DuoOptions): World {
  const stores = new Map<string, RowStore>();
  const buckets = new Map<string, Bucket>();
  const seen = new Map<string, number>();
  const switches = { ...defaultSwitches, ...options };
  let children = options.children ?? [];
  let accounts = options.accounts ?? [defaultAccount];
  const nowMs = options.nowMs ?? Date.now;
  return {
    get accounts() {
      return accounts;
    },
    get children() {
      return children;
    },
    accept: options.accept ?? ['v2-sha512', 'v5'],
    switches,
    skewToleranceMs: options.skewToleranceMs ?? 300_000,
    tokens: createTokens(),
    nowMs,
    store(account, endpoint) {
      const { style } = endpointRules[endpoint];
      return getOrMake(stores, `${account}\n${endpoint}`, () => {
        return new RowStore(style, switches.order, options.visibleDelayMs ?? 120_000);
      });
    },
    bucket(account, endpoint) {
      const limit = options.rateLimit;
      if (limit === undefined) return undefined;
      return getOrMake(buckets, `${account}\n${endpoint}`, () => createBucket(limit));
    },
    firstSeen(authorization) {
      const again = seen.has(authorization);
      return { again, sinceMs: getOrMake(seen, authorization, nowMs) };
    },
    setChildren(next) {
      children = next;
    },
    setAccounts(next) {
      accounts = next;
    },
  };
}

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
