import { setImmediate } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import { Agent, Client, Pool, type Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { ForwarderError } from '../core/errors.ts';
import { readAnswer } from '../core/json-bytes.ts';
import type { Logger } from '../core/log.ts';
import { Secret } from '../core/secret.ts';
import type { ApiAnswer } from '../core/types.ts';
import { failureOfAnswer } from './answer-failures.ts';
import type { ApiRequest, CertificateEnd, DuoApi } from './api.ts';
import { readBody } from './body.ts';
import { CertificateEnds } from './certificate-ends.ts';
import { createConnector } from './connect.ts';
import { failure } from './failures.ts';
import { proxyCredentials, type ProxyOptions } from './proxy.ts';
import { signedCall, type Credentials } from './signed-call.ts';
import { Skew } from './skew.ts';
import { failureOfTransport, type Phase } from './transport-failures.ts';
import { inTurn, untilAborted } from './turns.ts';
import { createClean, type Clean } from './wire-text.ts';

export interface DuoClientOptions extends Credentials {
  readonly clock: Clock;
  readonly log: Logger;
  /** PEM text that adds to the roots that Node trusts (before Node 22.15 give NODE_EXTRA_CA_CERTS' text too). */
  readonly ca?: string;
  readonly proxy?: ProxyOptions;
  /** For one try, from the moment it has a connection to itself; 60 s. */
  readonly deadlineMs?: number;
  /** For the way there: the proxy's tunnel, then the connection with its TLS handshake; 15 s each. */
  readonly connectMs?: number;
  /** After decoding; 64 MiB. */
  readonly maxBodyBytes?: number;
  /** Connections at a time for a host (lower-case, with its port unless that is 443); 8. */
  readonly connectionsFor?: (host: string) => number;
  /** Connections are closed after this, whatever Duo's Keep-Alive offers; 5 s. */
  readonly idleMs?: number;
}

/** Signs and sends calls to Duo; one for the whole process, whatever the number of accounts. */
export function createDuoClient(options: DuoClientOptions): DuoApi {
  return new DuoClient(options);
}

const defaults = {
  deadlineMs: 60_000,
  connectMs: 15_000,
  maxBodyBytes: 64 * 2 ** 20,
  connections: 8,
  idleMs: 5_000,
};

interface Reply {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Uint8Array;
  /** Our time when the headers came, and how long they were awaited. */
  readonly receivedMs: number;
  readonly waitedMs: number;
}

class DuoClient implements DuoApi {
  readonly #options: DuoClientOptions;
  readonly #deadlineMs: number;
  readonly #clean: Clean;
  readonly #skew: Skew;
  readonly #agent: Agent;
  readonly #turns = new Map<string, LimitFunction>();
  readonly #certificates = new CertificateEnds();

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

  certificateEnd(): CertificateEnd | undefined {
    return this.#certificates.earliest;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    return inTurn(this.#turn(request.account.apiHost), signal, async () => {
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
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const host = request.account.apiHost;
    const timer = setTimeout(() => {
      const seconds = this.#deadlineMs / 1000;
      stop.abort(failure('duo_timeout', `${host} gave no whole answer in ${seconds} s`));
    }, this.#deadlineMs);
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
    const call = signedCall(request, this.#options, this.nowMs());
    let phase: Phase = 'headers';
    try {
      const answer = await untilAborted(this.#agent.request({ ...call, signal }), signal);
      const receivedMs = clock.nowMs();
      const waitedMs = clock.monotonicMs() - startMs;
      phase = 'body';
      const { statusCode: status, headers } = answer;
      const encoding = headerOf(headers, 'content-encoding');
      const max = this.#options.maxBodyBytes ?? defaults.maxBodyBytes;
      const body = await readBody(answer.body, encoding, max, this.#clean);
      // undici gives a connection back one turn of the event loop later; a call before that opens another.
      await setImmediate();
      return { status, headers, body, receivedMs, waitedMs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ForwarderError) throw error;
      throw failureOfTransport(error, phase, host, this.#clean);
    }
  }

  #judge(reply: Reply): ApiAnswer {
    const { status, headers, body } = reply;
    const text = Buffer.from(body.subarray(0, 4096)).toString();
    const json = /^\s*[[{]/.test(text);
    let envelope: ReturnType<typeof readAnswer> | undefined;
    try {
      envelope = json ? readAnswer(body) : undefined;
    } catch (error) {
      if (status === 200) throw error;
    }
    // Only Duo's own answers tell Duo's time; a login page may come from any clock.
    if (envelope?.stat !== undefined) {
      this.#skew.learn(headerOf(headers, 'date'), reply.receivedMs, reply.waitedMs);
    }
    if (status === 200 && envelope?.stat === 'OK') {
      return { lists: envelope.lists, metadata: envelope.metadata, size: envelope.size };
    }
    const retryAfter = headerOf(headers, 'retry-after');
    const location = headerOf(headers, 'location');
    throw failureOfAnswer({ status, retryAfter, location, envelope, text }, this.#clean);
  }

  #createAgent(): Agent {
    const { ca, proxy } = this.#options;
    const { connectMs: timeoutMs = defaults.connectMs, idleMs = defaults.idleMs } = this.#options;
    const connect = createConnector({
      ...{ ca, proxy, timeoutMs, clean: this.#clean },
      secured: (host, socket) =>
        this.#certificates.shown(host, socket, this.#options.clock.monotonicMs()),
    });
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

  #connectionsFor(host: string): number {
    return this.#options.connectionsFor?.(host) ?? defaults.connections;
  }

  /** Calls wait here and not inside undici, so that neither the deadline nor the signature ages meanwhile. */
  #turn(apiHost: string): LimitFunction {
    const { host } = new URL(`https://${apiHost}`);
    const known = this.#turns.get(host);
    if (known !== undefined) return known;
    // Hosts of children that are gone must not add up.
    for (const [other, turn] of this.#turns) {
      if (turn.activeCount + turn.pendingCount === 0) this.#turns.delete(other);
    }
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
