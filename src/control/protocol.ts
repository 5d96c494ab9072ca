/**
 * What is said over the control socket: one JSON object a line, UTF-8. Whoever connects is greeted with one
 * line (also the lock's probe, which reads no further), sends one request and gets one answer; only streams
 * answer with more lines, until either side hangs up.
 *
 *   greeting  {"protocol":1,"pid":4711,"since":"…","version":"…","config":"…"}
 *   request   {"v":1,"do":"pause","endpoint":"auth"}
 *   answer    {"v":1,"ok":true,"result":…}   or   {"v":1,"ok":false,"error":{"code":"…","message":"…","hint":"…"}}
 *
 * A change that an older caller or program would misread gets a new number; arguments that a program does not know
 * are refused, never passed over: `pause` without its `server` would pause everything.
 */
import { ForwarderError, messageOf } from '../core/errors.ts';
import { isObject } from '../core/row.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';

export const protocolVersion = 1;
/** Longest request, in bytes. */
export const longestRequest = 16 * 1024;

export interface Request {
  readonly verb: string;
  /** All that was sent besides `v` and `do`. */
  readonly args: JsonObject;
}

/** One line of a caller. Throws `bad_request` or `protocol_version`. */
export function parseRequest(line: string): Request {
  const { v, do: verb, ...args } = objectOf(line);
  if (v !== protocolVersion) {
    throw refusal(
      'protocol_version',
      `This duologsync speaks version ${protocolVersion} of the protocol, not ${text(v)}`,
      'Use the commands of the version that runs, or restart it with the version that is installed.',
    );
  }
  if (typeof verb !== 'string')
    throw refusal('bad_request', '"do" has to name what to do', example);
  return { verb, args };
}

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;
const asItIs: Redact = (text) => text;

export function answerLine(result: JsonValue, redact: Redact = asItIs): string {
  return lineOf({ v: protocolVersion, ok: true, result }, redact);
}

/** Anything thrown; an error that nobody expected is told by its message alone. */
export function errorLine(error: unknown, redact: Redact = asItIs): string {
  const known = error instanceof ForwarderError ? error : undefined;
  const told = {
    code: known?.code ?? 'unexpected',
    message: messageOf(error),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
  };
  return lineOf({ v: protocolVersion, ok: false, error: told }, redact);
}

/** Text by text: a secret that looks like a piece of JSON must not take the line apart. */
function lineOf(value: JsonObject, redact: Redact): string {
  const clean = (_key: string, part: JsonValue): JsonValue =>
    typeof part === 'string' ? redact(part) : part;
  return `${JSON.stringify(value, clean)}\n`;
}

/** The result of an answer. Throws the error that it tells, or `bad_answer`. */
export function resultOf(answer: JsonObject): JsonValue {
  const { ok, result, error } = answer;
  if (ok === true && result !== undefined) return result;
  const { code, message, hint } = isObject(error) ? error : {};
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw refusal(
      'bad_answer',
      'The running duologsync gave an answer that makes no sense',
      unlike,
    );
  }
  throw new ForwarderError(code, message, {
    remedy: 'stop',
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}

export function refusal(code: string, message: string, hint: string): ForwarderError {
  return new ForwarderError(code, message, { remedy: 'stop', hint });
}

const unlike = 'Restart it, so that it is of the same version as this command.';
const example = 'Send one line like {"v":1,"do":"status"}.';

function objectOf(line: string): JsonObject {
  let value: JsonValue | undefined;
  try {
    value = JSON.parse(line) as JsonValue;
  } catch {
    // Told below.
  }
  if (isObject(value)) return value;
  throw refusal('bad_request', 'The request is not one JSON object on one line', example);
}

function text(value: JsonValue | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 40);
}
