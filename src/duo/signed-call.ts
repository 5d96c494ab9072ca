import type { Dispatcher } from 'undici';
import type { Secret } from '../core/secret.ts';
import type { ApiRequest } from './api.ts';
import { authorization, canonicalParams } from './sign.ts';

export interface Credentials {
  readonly ikey: string;
  readonly skey: Secret;
  readonly signature: 'v5' | 'v2';
  /** `duologsync/<version> (…)`. */
  readonly userAgent: string;
}

/**
 * One call, ready to be sent once: Duo refuses a date that is used again later (40103). Parameters go in the
 * query of a GET; those of a POST into JSON (v5) or a form (v2). A child's calls carry its account id.
 */
export function signedCall(
  request: ApiRequest,
  credentials: Credentials,
  nowMs: number,
): Dispatcher.RequestOptions {
  const { ikey, skey, signature, userAgent } = credentials;
  const { account, method, path } = request;
  const url = new URL(`https://${account.apiHost}`);
  const pairs = Object.entries(request.params);
  if (account.id !== undefined) pairs.push(['account_id', account.id]);
  const json = method === 'POST' && signature === 'v5';
  const body = json ? JSON.stringify(Object.fromEntries(pairs.sort(byName))) : '';
  const params = json ? '' : canonicalParams(pairs);
  const date = new Date(nowMs).toUTCString();
  const signable = { date, method, host: url.hostname, path, params, body, duoHeaders: {} };
  const headers = {
    accept: 'application/json',
    'user-agent': userAgent,
    date,
    authorization: authorization(signature, ikey, skey, signable),
  };
  // The caller's deadline covers both of undici's.
  const common = { origin: url.origin, method, headersTimeout: 0, bodyTimeout: 0 };
  if (method === 'GET') {
    return { ...common, headers, path: params === '' ? path : `${path}?${params}` };
  }
  const type = json ? 'application/json' : 'application/x-www-form-urlencoded';
  return {
    ...common,
    path,
    headers: { ...headers, 'content-type': type },
    body: json ? body : params,
  };
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
