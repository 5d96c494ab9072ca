import pLimit, { type LimitFunction } from 'p-limit';
import { Agent, Client, Pool, type Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import { readAnswer } from '../core/json-bytes.ts';
import type { Logger } from '../core/log.ts';
import { Secret } from '../core/secret.ts';
import type { ApiAnswer } from '../core/types.ts';
import { failureOfAnswer } from './answer-failures.ts';
import type { ApiRequest, DuoApi } from './api.ts';
import { readBody } from './body.ts';
import { createConnector } from './connect.ts';
import { failure } from './failures.ts';
import { proxyCredentials, type ProxyOptions } from './proxy.ts';
import { authorization, canonicalParams } from './sign.ts';
import { Skew } from './skew.ts';
import { failureOfTransport, type Phase } from './transport-failures.ts';
import { createClean, type Clean } from './wire-text.ts';

export interface DuoClientOptions {
  readonly ikey: string;
  readonly skey: Secret;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signature: 'v5' | 'v2';
  readonly userAgent: string;
  /** PEM text that adds to the roots that Node trusts (before Node 22.15 give NODE_EXTRA_CA_CERTS' text too). */
  readonly ca?: string;
  readonly proxy?: ProxyOptions;
  /** For one try, from the moment it has a connection to itself; 60 s. */
  readonly deadlineMs?: number;
  /** After decoding; 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Connections at a time for a host (`Account.apiHost`); 8. */
  readonly connectionsFor?: (apiHost: string) => number;
  /** Connections are closed after this, whatever Duo's Keep-Alive offers; 5 s. */
  readonly idleMs?: number;
}

/** Signs and sends calls to Duo; one for the whole process, whatever the number of accounts. */
export function createDuoClient(options: DuoClientOptions): DuoApi {
  return new DuoClient(options);
}

const defaults = { deadlineMs: 60_000, maxBodyBytes: 64 * 2 ** 20, connections: 8, idleMs: 5_000 };
const longestConnectMs = 15_000;

interface Reply {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Uint8Array;
  readonly waitedMs: number;
}

class DuoClient implements DuoApi {
  readonly #options: DuoClientOptions;
  readonly #deadlineMs: number;
  readonly #clean: Clean;
  readonly #skew: Skew;
  readonly #agent: Agent;
  readonly #turns = new Map<string, LimitFunction>();

  constructor(options: DuoClientOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? defaults.deadlineMs;
    this.#skew = new Skew(options.clock, options.log);
    this.#clean = createClean(secretsOf(options));
    this.#agent = this.#createAgent();
  }

  nowMs(): number {
    return this.#skew.nowMs();
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const { apiHost } = request.account;
    return inTurn(this.#turn(apiHost), signal, async () => {
      try {
        return await this.#try(request, signal);
      } catch (error) {
        if (!healedByNewSignature(error)) throw error;
        return await this.#try(request, signal);
      }
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #try(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const { deadlineMs } = { deadlineMs: this.#deadlineMs };
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const host = request.account.apiHost;
    const timer = setTimeout(() => {
      const seconds = deadlineMs / 1000;
      stop.abort(failure('duo_timeout', `${host} gave no whole answer in ${seconds} s`));
    }, deadlineMs);
    try {
      signal.throwIfAborted();
      return this.#judge(await this.#exchange(request, stop.signal));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  async #exchange(request: ApiRequest, signal: AbortSignal): Promise<Reply> {
    const { clock } = this.#options;
    const host = request.account.apiHost;
    const startMs = clock.monotonicMs();
    let phase: Phase = 'headers';
    try {
      const answer = await untilAborted(
        this.#agent.request({ ...this.#sign(request), signal }),
        signal,
      );
      const waitedMs = clock.monotonicMs() - startMs;
      phase = 'body';
      const { statusCode: status, headers } = answer;
      const encoding = headerOf(headers, 'content-encoding');
      const max = this.#options.maxBodyBytes ?? defaults.maxBodyBytes;
      const body = await readBody(answer.body, encoding, max, this.#clean);
      return { status, headers, body, waitedMs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ForwarderError) throw error;
      throw failureOfTransport(error, phase, host, this.#clean);
    }
  }

  #judge(reply: Reply): ApiAnswer {
    const { status, headers, body } = reply;
    const text = Buffer.from(body.subarray(0, 4096)).toString();
    const object = /^\s*\{/.test(text);
    let envelope: ReturnType<typeof readAnswer> | undefined;
    try {
      envelope = object ? readAnswer(body) : undefined;
    } catch (error) {
      if (status === 200) throw error;
    }
    // Only Duo's own answers tell Duo's time; a login page may come from any clock.
    if (envelope?.stat !== undefined) this.#skew.learn(headerOf(headers, 'date'), reply.waitedMs);
    if (status === 200 && envelope?.stat === 'OK') {
      return { lists: envelope.lists, metadata: envelope.metadata, size: envelope.size };
    }
    const retryAfter = headerOf(headers, 'retry-after');
    const location = headerOf(headers, 'location');
    throw failureOfAnswer({ status, retryAfter, location, envelope, text }, this.#clean);
  }

  #sign(request: ApiRequest): Dispatcher.RequestOptions {
    const { ikey, skey, signature, userAgent } = this.#options;
    const { account, method, path } = request;
    const origin = new URL(`https://${account.apiHost}`);
    const pairs = Object.entries(request.params);
    if (account.id !== undefined) pairs.push(['account_id', account.id]);
    const canonical = canonicalParams(pairs);
    const json = method === 'POST' && signature === 'v5';
    const body = json ? JSON.stringify(Object.fromEntries(pairs.sort(byName))) : '';
    const date = new Date(this.nowMs()).toUTCString();
    const params = json ? '' : canonical;
    const signable = { date, method, host: origin.hostname, path, params, body, duoHeaders: {} };
    const headers = {
      accept: 'application/json',
      'user-agent': userAgent,
      date,
      authorization: authorization(signature, ikey, skey, signable),
    };
    const common = { origin: origin.origin, method, headersTimeout: 0, bodyTimeout: 0 };
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

  #createAgent(): Agent {
    const { ca, proxy, idleMs = defaults.idleMs } = this.#options;
    const timeoutMs = Math.min(longestConnectMs, this.#deadlineMs);
    const connect = createConnector({ ca, proxy, timeoutMs, clean: this.#clean });
    const keep = { connect, keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs };
    return new Agent({
      ...keep,
      factory: (origin) => {
        const connections = this.#connectionsFor(new URL(origin).host);
        return connections === 1
          ? new Client(origin, keep)
          : new Pool(origin, { ...keep, connections });
      },
    });
  }

  #connectionsFor(apiHost: string): number {
    return this.#options.connectionsFor?.(apiHost) ?? defaults.connections;
  }

  /** Calls wait here and not inside undici, so that neither the deadline nor the signature ages meanwhile. */
  #turn(apiHost: string): LimitFunction {
    const { host } = new URL(`https://${apiHost}`);
    const known = this.#turns.get(host);
    if (known !== undefined) return known;
    const turn = pLimit(this.#connectionsFor(host));
    this.#turns.set(host, turn);
    return turn;
  }
}

function secretsOf(options: DuoClientOptions): readonly Secret[] {
  const { skey, proxy } = options;
  const credentials = proxy === undefined ? undefined : proxyCredentials(proxy);
  return [
    skey,
    ...(proxy?.password === undefined ? [] : [proxy.password]),
    ...(credentials === undefined ? [] : [new Secret(credentials)]),
  ];
}

// A wrong clock is set right by the refusal's own Date; a Date that grew stale on the way is renewed.
function healedByNewSignature(error: unknown): boolean {
  if (!(error instanceof ForwarderError)) return false;
  return error.code === 'duo_clock' || error.code === 'duo_invalid_signature';
}

function headerOf(headers: Reply['headers'], name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/** Rejects at once when aborted; undici notices an abort only once it is connected. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Runs `work` when its turn comes; rejects at once when aborted before. */
function inTurn<T>(turn: LimitFunction, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const run = async (): Promise<void> => {
      signal.removeEventListener('abort', abort);
      if (!signal.aborted) await work().then(resolve, reject);
    };
    turn(run).catch(reject);
  });
}
