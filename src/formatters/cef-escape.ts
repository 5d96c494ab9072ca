import type { JsonValue } from '../core/types.ts';

// C0, DEL, C1 (with NEL), and the two Unicode line ends that some receivers split lines at; not CR and LF.
const controls = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g;

// What no value may hold as it is; most values hold nothing of it.
const special = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\\=]|^ | $/;

const plainHeader = /^[ -[\]-{}~]*$/;
const plainToken = /^[A-Za-z0-9_.-]*$/;

/** A header field: one line, at most `limit` code points, `\` and `|` escaped (CEF standard, header). */
export function cefHeader(text: string, limit: number): string {
  if (text.length <= limit && plainHeader.test(text)) return text;
  const line = text.replace(controls, ' ').replace(/[\r\n]/g, ' ');
  return cut(line, limit).replace(/[\\|]/g, '\\$&');
}

/** The event class: letters, digits, `_`, `.`, `-`; names of actions come from the API and may hold anything. */
export function cefToken(text: string, limit: number): string {
  if (text.length <= limit && plainToken.test(text)) return text;
  return cut(text, limit).replace(/[^A-Za-z0-9_.-]/gu, '_');
}

/**
 * An extension's value: cut to `limit` code points, then `\` and `=` escaped and line ends written as `\n`
 * (CEF standard, extension). Undefined when nothing is left: the pair is then left out.
 */
export function cefValue(value: JsonValue | undefined, limit: number): string | undefined {
  const plain = plainText(value);
  if (plain.length <= limit && !special.test(plain)) return plain === '' ? undefined : plain;
  const text = cut(plain.replace(controls, ' '), limit).replace(/^ +| +$/g, '');
  if (text === '') return undefined;
  return text.replace(/[\\=]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** A value as text before any escaping: '' for null, [] and {}; compact JSON for what has parts. */
export function plainText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object') {
    return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
  }
  return String(value);
}

/** The first `limit` code points: never a half of a surrogate pair. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let end = 0;
  for (let count = 0; count < limit && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
