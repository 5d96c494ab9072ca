import { eventTimeMs } from '../core/event-time.ts';
import { valueAlong } from '../core/row.ts';
import type { DlsProfile, Field, JsonObject, JsonValue, Meaning } from '../core/types.ts';
import { bareAddress } from './cef-address.ts';
import { cefValue, plainText } from './cef-escape.ts';

/** Longest text of cs1 to cs6 in code points (CEF standard, dictionary). */
const longestCustom = 4000;

type TextMeaning = Exclude<Meaning, 'time' | 'clientIp'>;

const keys: Readonly<Record<TextMeaning, { readonly key: string; readonly limit: number }>> = {
  clientHost: { key: 'dhost', limit: 1023 },
  action: { key: 'act', limit: 63 },
  actor: { key: 'suser', limit: 1023 },
  user: { key: 'duser', limit: 1023 },
  outcome: { key: 'outcome', limit: 63 },
  message: { key: 'msg', limit: 1023 },
};

/** A field with its paths split once and for all. */
interface Compiled {
  readonly field: Field;
  readonly paths: readonly (readonly string[])[];
  /** Paths to a whole that is tried after its part (`ip` after `ip.address`): it counts only when it is plain. */
  readonly wholes: readonly boolean[];
}

/** How all events of one endpoint are written; the text has its pairs in order, separated by blanks. */
export type DlsPairs = (body: JsonObject) => string;

/** DLS's keys in DLS's order, with its slots and labels; what is missing is left out. */
export function compileDls({ fields }: DlsProfile): DlsPairs {
  const compiled = fields.map((field) => ({
    field,
    paths: field.paths.map((path) => path.split('.')),
    wholes: field.paths.map((path) => field.paths.some((part) => part.startsWith(`${path}.`))),
  }));
  return (body) => {
    let text = '';
    for (const field of compiled) {
      const pair = pairOf(field, body);
      if (pair !== '') text += text === '' ? pair : ` ${pair}`;
    }
    return text;
  };
}

/** The field's pair, or both of a slot; '' when it has no value. */
function pairOf(compiled: Compiled, body: JsonObject): string {
  const { means, constant } = compiled.field;
  if (means === 'time') return timePair(compiled.paths, body);
  const value = constant ?? firstValue(compiled, body);
  if (means === 'clientIp') return addressPair(plainText(value));
  if (typeof means === 'object') {
    const text = cefValue(value, longestCustom);
    // A label without its value, or the reverse, makes strict parsers refuse the line.
    return text === undefined ? '' : `cs${means.slot}Label=${means.label} cs${means.slot}=${text}`;
  }
  // Duo writes the word null where a host name is not known.
  if (means === 'clientHost' && value === 'null') return '';
  const { key, limit } = keys[means];
  return pair(key, cefValue(value, limit));
}

/** Whole milliseconds: other spellings of a time make receivers refuse the whole event. */
function timePair(paths: Compiled['paths'], body: JsonObject): string {
  for (const path of paths) {
    const timeMs = eventTimeMs(valueAlong(body, path));
    if (timeMs !== undefined) return `rt=${timeMs}`;
  }
  return '';
}

/** `src` must be an address; other text is kept where any text may be. */
function addressPair(text: string): string {
  const address = bareAddress(text);
  return address === undefined ? pair('shost', cefValue(text, 1023)) : pair('src', address);
}

function pair(key: string, value: string | undefined): string {
  return value === undefined ? '' : `${key}=${value}`;
}

function firstValue({ paths, wholes }: Compiled, body: JsonObject): JsonValue | undefined {
  for (let i = 0; i < paths.length; i += 1) {
    const value = valueAlong(body, paths[i] ?? []);
    if (typeof value === 'object' && wholes[i] === true) continue;
    if (plainText(value) !== '') return value;
  }
  return undefined;
}
