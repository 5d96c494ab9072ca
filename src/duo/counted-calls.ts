import type { Clock } from '../core/clock.ts';
import { asForwarderError } from '../core/errors.ts';
import { Latency } from '../core/latency.ts';
import type { DuoApi } from './api.ts';

/** What became of the calls to Duo since the program's start. */
export class CallCounts {
  calls = 0;
  /** Answers that told to wait (429). */
  limited = 0;
  lastError: { readonly atMs: number; readonly code: string; readonly message: string } | undefined;
  readonly byEndpoint = new Map<string, EndpointCalls>();

  of(endpoint: string): EndpointCalls {
    const known = this.byEndpoint.get(endpoint);
    if (known !== undefined) return known;
    const calls = { codes: new Map<string, number>(), latency: new Latency() };
    this.byEndpoint.set(endpoint, calls);
    return calls;
  }
}

export interface EndpointCalls {
  /** How many calls ended so: `ok`, a code of duo/failures.ts, or `aborted`. */
  readonly codes: Map<string, number>;
  /** Of calls that came to an end by themselves, with the wait for a connection. */
  readonly latency: Latency;
}

/**
 * The same API, counted; a call that was aborted counts as a call and not as a failure. `endpointOf` names what a path
 * asks for.
 */
export function counted(
  api: DuoApi,
  counts: CallCounts,
  clock: Clock,
  endpointOf: (path: string) => string,
): DuoApi {
  return {
    async send(request, signal) {
      counts.calls += 1;
      const { codes, latency } = counts.of(endpointOf(request.path));
      const beginMs = clock.monotonicMs();
      const ended = (ending: string): void => {
        codes.set(ending, (codes.get(ending) ?? 0) + 1);
        if (ending !== 'aborted') latency.add((clock.monotonicMs() - beginMs) / 1000);
      };
      try {
        const answer = await api.send(request, signal);
        ended('ok');
        return answer;
      } catch (error) {
        const { code, message } = asForwarderError(error);
        if (code === 'duo_rate_limited') counts.limited += 1;
        else if (!signal.aborted) counts.lastError = { atMs: clock.nowMs(), code, message };
        ended(signal.aborted && code !== 'duo_rate_limited' ? 'aborted' : code);
        throw error;
      }
    },
    nowMs: () => api.nowMs(),
    certificateEnd: () => api.certificateEnd?.(),
    close: () => api.close(),
  };
}
