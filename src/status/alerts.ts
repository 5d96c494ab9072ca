import { isoTime } from '../core/iso-time.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { type Certificate, certificatesOf, certificateWords, isToBeTold } from './certificates.ts';
import type { Parts, SilencePart } from './parts.ts';
import { silenceMessage, silenceRemedy } from './silence.ts';

export interface AlertOptions {
  readonly parts: () => Parts;
  readonly clock: Clock;
  readonly log: Logger;
}

const lookMs = 10_000;
const dayMs = 86_400_000;

/** Says in the log what nobody's failure says: a log that became silent, a certificate that ends soon. */
export class Alerts {
  readonly #options: AlertOptions;
  /** Endpoints that are told to be silent. */
  readonly #silent = new Set<string>();
  /** When a certificate was last told of, by what it is and when it ends. */
  readonly #told = new Map<string, number>();

  constructor(options: AlertOptions) {
    this.#options = options;
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.look();
      await this.#options.clock.sleep(lookMs, stop);
    }
  }

  look(): void {
    const parts = this.#options.parts();
    this.#silences(parts.silences ?? []);
    for (const certificate of certificatesOf(parts)) this.#certificate(certificate, parts.nowMs);
  }

  /** Once when it begins, once when it ends; not while nothing can be known. */
  #silences(silences: readonly SilencePart[]): void {
    const { log } = this.#options;
    for (const silence of silences) {
      const { endpoint, sinceMs, isSilent } = silence;
      if (isSilent === undefined || isSilent === this.#silent.has(endpoint)) continue;
      if (isSilent) {
        this.#silent.add(endpoint);
        const since = isoTime(sinceMs);
        const fields = { code: 'log_silent', endpoint, since, message: silenceMessage(silence) };
        log.warn('A log has become silent', { ...fields, hint: silenceRemedy });
      } else {
        this.#silent.delete(endpoint);
        log.info('A log that was silent has events again', { endpoint });
      }
    }
    // What is watched no more is not told to be over either.
    const watched = new Set(silences.map(({ endpoint }) => endpoint));
    for (const endpoint of this.#silent) if (!watched.has(endpoint)) this.#silent.delete(endpoint);
  }

  /** Once a day. */
  #certificate(certificate: Certificate, nowMs: number): void {
    if (!isToBeTold(certificate, nowMs)) return;
    const { what, endsMs, remedy: hint } = certificate;
    const key = `${what} ${endsMs}`;
    const lastMs = this.#told.get(key);
    const { clock, log } = this.#options;
    if (lastMs !== undefined && clock.monotonicMs() - lastMs < dayMs) return;
    this.#told.set(key, clock.monotonicMs());
    const { code, message } = certificateWords(certificate, nowMs);
    const fields = { code, what, ends: isoTime(endsMs), message, hint };
    log.warn('A certificate ends soon, or has ended', fields);
  }
}
