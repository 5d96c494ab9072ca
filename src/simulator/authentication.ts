import type { EndpointName } from './endpoints.ts';
import type { SimulatedAccount } from './options.ts';
import { Refusal } from './refusal.ts';
import { decodePairs } from './requests.ts';
import type { Pairs } from './requests.ts';
import { findVersion } from './signature.ts';
import type { SignatureVersion } from './signature.ts';
import type { DuoRequest, World } from './world.ts';

export interface Caller {
  readonly account: SimulatedAccount;
  readonly version: SignatureVersion;
}

/** Whose data is read: `key` is the account's ikey or the child's id. */
export interface Subject {
  readonly key: string;
  readonly permissions: readonly EndpointName[] | undefined;
}

const reuseMs = 60_000;

/** Who calls, or a Refusal in Duo's order: credentials, key, date, signature, re-use. */
export function authenticate(request: DuoRequest, world: World): Caller {
  const { host, headers, serverName } = request;
  if (serverName !== undefined && serverName.toLowerCase() !== host) throw new Refusal(42100);
  const { ikey, signature } = credentials(headers.authorization);
  const date = headers.date ?? xDuoDate(request);
  if (date === undefined) throw new Refusal(40101);
  if (request.method === 'POST' && !goodContentType(headers['content-type'])) {
    throw new Refusal(40101, 'Content-Type');
  }
  const account = world.accounts.find((known) => known.ikey === ikey && serves(known, host, world));
  if (account === undefined) throw new Refusal(40102);
  const offMs = Math.abs(Date.parse(date) - world.nowMs());
  // NaN, a date that is none, is not within the tolerance either.
  if (!(offMs <= world.skewToleranceMs)) throw new Refusal(40105);
  const version = signatureVersion(request, date, account.skey, signature, world.accept);
  if (version === undefined) throw new Refusal(40103);
  refuseReuse(headers.authorization ?? '', world);
  if (account.networks?.includes(request.clientAddress) === false) throw new Refusal(40301);
  return { account, version };
}

/** Whether this key may call that host: its own, or with an Accounts API key a child's. */
function serves(account: SimulatedAccount, host: string, world: World): boolean {
  if (account.host.toLowerCase() === host) return true;
  return (
    account.kind === 'accounts' && world.children.some((child) => child.host.toLowerCase() === host)
  );
}

/** Whose logs a call to the Admin API reads; Accounts API keys read a child's, at the child's host. */
export function subjectOf(
  caller: Caller,
  request: DuoRequest,
  pairs: Pairs,
  world: World,
): Subject {
  const { account } = caller;
  if (account.kind === 'admin') return { key: account.ikey, permissions: account.permissions };
  const id = pairs.find(([key]) => key === 'account_id')?.[1];
  if (id === undefined) throw wrongType();
  const child = world.children.find((known) => known.id === id);
  if (child === undefined) throw new Refusal(40301);
  if (child.host.toLowerCase() !== request.host) {
    throw new Refusal(
      40000,
      'Cross-deployment Admin API usage through Accounts API is currently not available',
    );
  }
  return { key: child.id, permissions: child.permissions };
}

export function wrongType(): Refusal {
  return new Refusal(40301, 'Wrong integration type for this API.');
}

/** The parameters that a request carries: in the query, and in a v2 form or a v5 JSON body. */
export function requestPairs(request: DuoRequest): Pairs {
  const query = decodePairs(request.query);
  return isForm(request) ? [...query, ...decodePairs(request.body.toString())] : query;
}

function credentials(authorization: string | undefined): { ikey: string; signature: string } {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization ?? '') ?? [];
  const text = Buffer.from(encoded ?? '', 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw new Refusal(40101);
  return { ikey: text.slice(0, colon), signature: text.slice(colon + 1) };
}

function signatureVersion(
  request: DuoRequest,
  date: string,
  skey: string,
  signature: string,
  accept: readonly SignatureVersion[],
): SignatureVersion | undefined {
  const { method, host, path, body } = request;
  const xDuoHeaders = Object.entries(request.headers)
    .filter(([name]) => name.startsWith('x-duo-'))
    .map(([name, value]) => [name, String(value)] as const);
  const parts = { date, method, host, path, pairs: requestPairs(request), body, xDuoHeaders };
  return findVersion(signature, skey, parts, accept);
}

function refuseReuse(authorization: string, world: World): void {
  const nowMs = world.nowMs();
  const seen = world.firstSeen(authorization);
  if (seen.again && (world.switches.refuseAnyReuse || nowMs - seen.sinceMs > reuseMs)) {
    throw new Refusal(40103);
  }
}

function goodContentType(value: string | undefined): boolean {
  const type = value?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' || type === 'application/x-www-form-urlencoded';
}

function isForm(request: DuoRequest): boolean {
  const type = request.headers['content-type'] ?? '';
  return type.startsWith('application/x-www-form-urlencoded') && request.method !== 'GET';
}

function xDuoDate(request: DuoRequest): string | undefined {
  const value = request.headers['x-duo-date'];
  return typeof value === 'string' ? value : undefined;
}

/** Whose logs the request says it wants, proven or not; for faults of one account. */
export function claimedAccount(request: DuoRequest): string | undefined {
  try {
    const id = requestPairs(request).find(([key]) => key === 'account_id')?.[1];
    return id ?? credentials(request.headers.authorization).ikey;
  } catch {
    return undefined;
  }
}
