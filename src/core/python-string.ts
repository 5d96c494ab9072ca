import { byte, hexDigit, JsonFault } from './json-scan.ts';
import type { JsonWriter } from './json-writer.ts';

/**
 * Writes the JSON string that begins at `at` as Python's `json.dumps` spells it (ASCII only) and returns
 * its end: `\/` → `/`, non-ASCII and DEL → `\uXXXX` in lower case, surrogates kept even when alone.
 */
export function writePythonString(source: Uint8Array, at: number, out: JsonWriter): number {
  if (source[at] !== byte.quote) throw new JsonFault(at);
  out.byte(byte.quote);
  at += 1;
  let run = at;
  for (;;) {
    const c = source[at];
    if (c === undefined || c < 0x20) throw new JsonFault(at);
    if (c < 0x7f && c !== byte.quote && c !== byte.backslash) {
      at += 1;
      continue;
    }
    if (at > run) out.copy(source, run, at);
    if (c === byte.quote) {
      out.byte(byte.quote);
      return at + 1;
    }
    at = c === byte.backslash ? writeEscape(source, at, out) : writeRaw(source, at, out);
    run = at;
  }
}

/** Writes the text as a JSON string in Python's spelling. */
export function writePythonText(text: string, out: JsonWriter): void {
  out.byte(byte.quote);
  for (let i = 0; i < text.length; i += 1) writeUnit(text.charCodeAt(i), out);
  out.byte(byte.quote);
}

const shortEscapes: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);

/** Writes one UTF-16 code unit. */
function writeUnit(unit: number, out: JsonWriter): void {
  const short = shortEscapes.get(unit);
  if (short !== undefined) out.ascii(short);
  else if (unit >= 0x20 && unit < 0x7f) out.byte(unit);
  else out.ascii(`\\u${unit.toString(16).padStart(4, '0')}`);
}

function writeEscape(source: Uint8Array, at: number, out: JsonWriter): number {
  const c = source[at + 1];
  switch (c) {
    case byte.slash:
      out.byte(byte.slash);
      return at + 2;
    case byte.quote:
    case byte.backslash:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      out.byte(byte.backslash);
      out.byte(c);
      return at + 2;
    case byte.lowerU: {
      let unit = 0;
      for (let i = at + 2; i < at + 6; i += 1) {
        const digit = hexDigit(source[i]);
        if (digit < 0) throw new JsonFault(i);
        unit = unit * 16 + digit;
      }
      writeUnit(unit, out);
      return at + 6;
    }
    case undefined:
    default:
      throw new JsonFault(at + 1);
  }
}

/** Writes the UTF-8 sequence (or DEL) at `at`; ill-formed ones become U+FFFD as in the WHATWG decoder. */
function writeRaw(source: Uint8Array, at: number, out: JsonWriter): number {
  const lead = source[at] ?? 0;
  if (lead < 0x80) {
    writeUnit(lead, out);
    return at + 1;
  }
  const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  let code = lead & (0x3f >> more);
  for (let i = 1; i <= more; i += 1) {
    const c = source[at + i] ?? 0;
    if (lead < 0xc2 || lead > 0xf4 || c < lowest(lead, i) || c > highest(lead, i)) {
      writeUnit(0xfffd, out);
      return at + i;
    }
    code = (code << 6) | (c & 0x3f);
  }
  if (code < 0x10000) writeUnit(code, out);
  else {
    writeUnit(0xd7c0 + (code >> 10), out);
    writeUnit(0xdc00 + (code & 0x3ff), out);
  }
  return at + more + 1;
}

// Overlong forms, surrogates and codes past U+10FFFF show in the second byte (Unicode, table 3-7).
function lowest(lead: number, index: number): number {
  if (index > 1) return 0x80;
  return lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
}

function highest(lead: number, index: number): number {
  if (index > 1) return 0xbf;
  return lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
}
