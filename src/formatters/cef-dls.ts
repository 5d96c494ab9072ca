import { firstTimeMs } from '../core/event-time.ts';
import { valueAt } from '../core/row.ts';
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

/** DLS's keys in DLS's order, with its slots and labels; what is missing is left out. */
export function dlsPairs({ fields }: DlsProfile, body: JsonObject): string[] {
  return fields.flatMap((field) => pairsOf(field, body));
}

function pairsOf(field: Field, body: JsonObject): string[] {
  const { means } = field;
  if (means === 'time') return timePairs(field.paths.map((path) => valueAt(body, path)));
  const value = field.constant ?? firstValue(field.paths, body);
  if (means === 'clientIp') return addressPairs(plainText(value));
  if (typeof means === 'object') {
    const text = cefValue(value, longestCustom);
    // A label without its value, or the reverse, makes strict parsers refuse the line.
    return text === undefined
      ? []
      : [`cs${means.slot}Label=${means.label}`, `cs${means.slot}=${text}`];
  }
  // Duo writes the word null where a host name is not known.
  if (means === 'clientHost' && value === 'null') return [];
  const { key, limit } = keys[means];
  return pair(key, cefValue(value, limit));
}

/** Whole milliseconds: other spellings of a time make receivers refuse the whole event. */
function timePairs(values: readonly (JsonValue | undefined)[]): string[] {
  const timeMs = firstTimeMs(...values);
  return timeMs === undefined ? [] : [`rt=${timeMs}`];
}

/** `src` must be an address; other text is kept where any text may be. */
function addressPairs(text: string): string[] {
  const address = bareAddress(text);
  return address === undefined ? pair('shost', cefValue(text, 1023)) : pair('src', address);
}

function pair(key: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${key}=${value}`];
}

/** A whole that is tried after its part (`ip` after `ip.address`) counts only when it is plain. */
function firstValue(paths: readonly string[], body: JsonObject): JsonValue | undefined {
  for (const path of paths) {
    const value = valueAt(body, path);
    const whole = typeof value === 'object' && paths.some((part) => part.startsWith(`${path}.`));
    if (!whole && plainText(value) !== '') return value;
  }
  return undefined;
}
