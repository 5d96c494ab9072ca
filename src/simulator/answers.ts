import { authenticate, requestPairs, subjectOf, wrongType } from './authentication.ts';
import type { Caller } from './authentication.ts';
import { endpointAt } from './endpoints.ts';
import type { Effect } from './faults.ts';
import { logPage } from './log-page.ts';
import { Refusal } from './refusal.ts';
import type { DuoRequest, World } from './world.ts';

/** What Duo answers, before anything goes wrong on the wire. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly verdict: string;
  readonly rows: number;
  readonly account?: string;
  readonly caller?: Caller;
}

const accountList = '/accounts/v1/account/list';

/** Answers one request by Duo's rules; `effect` may bend the page. `seed` differs between requests. */
export function answer(
  request: DuoRequest,
  world: World,
  port: number,
  effect: Effect | undefined,
  seed: number,
): Answer {
  let caller: Caller | undefined;
  let account: string | undefined;
  const known = (): Pick<Answer, 'caller' | 'account'> => ({
    ...(caller === undefined ? {} : { caller }),
    ...(account === undefined ? {} : { account }),
  });
  try {
    caller = authenticate(request, world);
    if (request.path.startsWith('/accounts/')) {
      account = caller.account.ikey;
      return { ...listAccounts(caller, request, world, port), ...known() };
    }
    const pairs = requestPairs(request);
    const subject = subjectOf(caller, request, pairs, world);
    account = subject.key;
    const endpoint = endpointAt(request.path);
    if (endpoint === undefined) throw new Refusal(40401);
    if (subject.permissions?.includes(endpoint) === false) throw new Refusal(40301);
    if (request.method !== 'GET') throw new Refusal(40501);
    if (request.body.length > 0) throw new Refusal(40000, 'body');
    if (world.bucket(account, endpoint)?.take(world.nowMs()) === false) throw new Refusal(42901);
    const page = logPage(endpoint, account, pairs, world, effect, seed);
    return { status: 200, verdict: 'ok', ...page, ...known() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const verdict = error.detail === undefined ? `${error.code}` : `${error.code} ${error.detail}`;
    return { status: error.status, body: error.body, verdict, rows: 0, ...known() };
  }
}

function listAccounts(caller: Caller, request: DuoRequest, world: World, port: number): Answer {
  if (caller.account.kind !== 'accounts') throw wrongType();
  if (request.path !== accountList) throw new Refusal(40401);
  if (request.method !== 'POST') throw new Refusal(40501);
  const list = world.children.map(({ id, name, host, apiHostname }) => {
    return { account_id: id, api_hostname: apiHostname ?? `${host}:${port}`, name };
  });
  const body = JSON.stringify({ response: list, stat: 'OK' });
  return { status: 200, body, verdict: 'ok', rows: list.length };
}
