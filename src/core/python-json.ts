import { byte, JsonFault, maxDepth, skipNumber, skipSpace, skipWord } from './json-scan.ts';
import { JsonWriter } from './json-writer.ts';
import {
  append,
  dropRepeats,
  hashOf,
  noteKey,
  type Addition,
  type Pass,
} from './python-members.ts';
import { pythonNumber } from './python-number.ts';
import { writePythonString } from './python-string.ts';

export type PythonStyle = 'python' | 'compact';

/**
 * What Python's `json.dumps(json.loads(source))` writes (compact: with `separators=(',', ':')`), made from
 * the text itself, because JSON.parse forgets how numbers were written and the order of keys: one line of
 * ASCII, a repeated key at its first place with its last value. `added` go to the end of an object
 * that lacks them; any other value stays as it is. Throws JsonFault when the source is not JSON.
 */
export function pythonJson(
  source: Uint8Array,
  style: PythonStyle,
  added: readonly Addition[] = [],
): Uint8Array {
  const out = new JsonWriter(source.length + (source.length >> 3) + 128);
  writePythonJson(source, out, style, added);
  return out.written();
}

/** The same to the end of `out`; after a JsonFault some of it may be there. */
export function writePythonJson(
  source: Uint8Array,
  out: JsonWriter,
  style: PythonStyle,
  added: readonly Addition[],
): void {
  const blank = style === 'python' ? ' ' : '';
  const pass = { source, out, comma: `,${blank}`, colon: `:${blank}`, added, hashes: [] };
  const end = skipSpace(source, writeValue(pass, skipSpace(source, 0), 0));
  if (end !== source.length) throw new JsonFault(end);
}

function writeValue(pass: Pass, at: number, depth: number): number {
  const { source, out } = pass;
  switch (source[at]) {
    case byte.quote:
      return writePythonString(source, at, out);
    case byte.openObject:
      return writeObject(pass, at, depth);
    case byte.openList:
      return writeList(pass, at, depth);
    case 0x74:
      return writeWord(pass, at, 'true');
    case 0x66:
      return writeWord(pass, at, 'false');
    case 0x6e:
      return writeWord(pass, at, 'null');
    case undefined:
    default: {
      const end = skipNumber(source, at);
      out.ascii(pythonNumber(asciiText(source, at, end)));
      return end;
    }
  }
}

function asciiText(source: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(source[i] ?? 0);
  return text;
}

function writeWord(pass: Pass, at: number, word: string): number {
  const end = skipWord(pass.source, at, word);
  pass.out.ascii(word);
  return end;
}

function writeList(pass: Pass, at: number, depth: number): number {
  const { source, out } = pass;
  if (depth >= maxDepth) throw new JsonFault(at, true);
  out.byte(byte.openList);
  at = skipSpace(source, at + 1);
  while (source[at] !== byte.closeList) {
    at = skipSpace(source, writeValue(pass, at, depth + 1));
    if (source[at] === byte.closeList) break;
    at = writeComma(pass, at);
    if (source[at] === byte.closeList) throw new JsonFault(at);
  }
  out.byte(byte.closeList);
  return at + 1;
}

function writeObject(pass: Pass, at: number, depth: number): number {
  const { source, out, hashes } = pass;
  if (depth >= maxDepth) throw new JsonFault(at, true);
  const start = out.length;
  const first = hashes.length;
  let repeats = false;
  out.byte(byte.openObject);
  at = skipSpace(source, at + 1);
  while (source[at] !== byte.closeObject) {
    const keyStart = out.length;
    at = skipSpace(source, writePythonString(source, at, out));
    repeats = noteKey(hashes, first, hashOf(out.bytes, keyStart, out.length)) || repeats;
    if (source[at] !== byte.colon) throw new JsonFault(at);
    out.ascii(pass.colon);
    at = skipSpace(source, writeValue(pass, skipSpace(source, at + 1), depth + 1));
    if (source[at] === byte.closeObject) break;
    at = writeComma(pass, at);
    if (source[at] !== byte.quote) throw new JsonFault(at);
  }
  out.byte(byte.closeObject);
  if (repeats) dropRepeats(pass, start);
  if (depth === 0) for (const addition of pass.added) append(pass, start, addition);
  hashes.length = first;
  return at + 1;
}

function writeComma(pass: Pass, at: number): number {
  if (pass.source[at] !== byte.comma) throw new JsonFault(at);
  pass.out.ascii(pass.comma);
  return skipSpace(pass.source, at + 1);
}
