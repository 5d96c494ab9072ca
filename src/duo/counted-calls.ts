import type { Clock } from '../core/clock.ts';
import { asForwarderError } from '../core/errors.ts';
import type { DuoApi } from './api.ts';

/** What became of the calls to Duo since the program's start. */
export class CallCounts {
  calls = 0;
  /** Answers that told to wait (429). */
  limited = 0;
  lastError: { readonly atMs: number; readonly code: string; readonly message: string } | undefined;
}

/** The same API, counted; a call that was aborted counts as a call and not as a failure. */
export function counted(api: DuoApi, counts: CallCounts, clock: Clock): DuoApi {
  return {
    async send(request, signal) {
      counts.calls += 1;
      try {
        return await api.send(request, signal);
      } catch (error) {
        const { code, message } = asForwarderError(error);
        if (code === 'duo_rate_limited') counts.limited += 1;
        else if (!signal.aborted) counts.lastError = { atMs: clock.nowMs(), code, message };
        throw error;
      }
    },
    nowMs: () => api.nowMs(),
    close: () => api.close(),
  };
}
