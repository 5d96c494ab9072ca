import type { ForwarderError } from '../core/errors.ts';
import type { Envelope } from '../core/json-bytes.ts';
import { failure, type FailureCode } from './failures.ts';
import { titleOf, type Clean } from './wire-text.ts';

/** What Duo says about an answer, as far as it says it. */
export type Verdict = Pick<Envelope, 'stat' | 'code' | 'message' | 'messageDetail'>;

export interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  /** undefined: the body was no JSON object. */
  readonly envelope: Verdict | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

const byCode: ReadonlyMap<number, FailureCode> = new Map([
  [40102, 'duo_invalid_key'],
  [40103, 'duo_invalid_signature'],
  [40104, 'duo_clock'],
  [40105, 'duo_clock'],
]);

const byStatus: ReadonlyMap<number, FailureCode> = new Map([
  [400, 'duo_bad_request'],
  [401, 'duo_unauthorized'],
  [403, 'duo_forbidden'],
  [404, 'duo_not_found'],
  [405, 'duo_method'],
  [429, 'duo_rate_limited'],
]);

/** The error for an answer that is not `stat: OK` with status 200. */
export function failureOfAnswer(refusal: Refusal, clean: Clean): ForwarderError {
  const { status, envelope } = refusal;
  if (status >= 300 && status < 400) return redirect(refusal, clean);
  const code = envelope?.code;
  // A block page of a proxy may carry any status; Duo itself answers in JSON, or with nothing.
  if (envelope === undefined && status < 500 && status !== 429 && refusal.text.trim() !== '') {
    return failure('duo_not_json', describe(refusal, code, clean));
  }
  // The HTTP status is the code's first three digits; a 200 that says FAIL keeps only the code.
  const effective = status >= 400 || code === undefined ? status : Math.floor(code / 100);
  const name = (code === undefined ? undefined : byCode.get(code)) ?? byStatus.get(effective);
  const message = describe(refusal, code, clean);
  // With 429 and 503 it says when to come back (RFC 9110 §10.2.3); a gateway sends it with its own 5xx too.
  const retryAfterMs = retryAfterOf(refusal.retryAfter);
  const when = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (name === 'duo_rate_limited') return failure(name, message, when);
  if (name !== undefined) return failure(name, message);
  if (effective >= 500) return failure('duo_server_error', message, when);
  if (envelope === undefined) return failure('duo_not_json', message);
  return failure(envelope.stat === 'FAIL' ? 'duo_failed' : 'duo_wrong_shape', message);
}

/** Seconds, kept between 1 s and 1 h; dates and nonsense do not count (Duo sends none at all so far). */
export function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined || !/^\s*-?\d+(\.\d+)?\s*$/.test(header)) return undefined;
  return Math.min(Math.max(Number(header), 1), 3600) * 1000;
}

function redirect(refusal: Refusal, clean: Clean): ForwarderError {
  const location = refusal.location ?? '';
  const host = URL.canParse(location) ? new URL(location).host : location;
  const target = host === '' ? 'nowhere' : clean(host);
  return failure('duo_redirect', `Duo’s host answered ${refusal.status}, a redirect to ${target}`);
}

function describe(refusal: Refusal, code: number | undefined, clean: Clean): string {
  const { status, envelope, text } = refusal;
  if (envelope === undefined) {
    const title = titleOf(text);
    const what =
      text.trim() === ''
        ? 'an empty body'
        : title === undefined
          ? `a body that is not JSON: "${clean(text.slice(0, 80))}"`
          : `a page titled "${clean(title)}"`;
    return `Duo’s host answered ${status} with ${what}`;
  }
  const number = code === undefined ? '' : `, code ${code}`;
  if (envelope.stat === undefined && envelope.message === undefined) {
    return `Duo’s host answered ${status}${number} with JSON that is not an answer of Duo’s API`;
  }
  const words =
    envelope.message === undefined
      ? `stat "${clean(envelope.stat ?? '')}"`
      : clean(envelope.message);
  const detail = envelope.messageDetail === undefined ? '' : ` (${clean(envelope.messageDetail)})`;
  return `Duo answered ${status}${number}: ${words}${detail}`;
}
