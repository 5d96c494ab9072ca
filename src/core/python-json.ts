import { byte, eachMember, JsonFault, maxDepth, skipNumber, skipSpace } from './json-scan.ts';
import { skipValue, skipWord } from './json-scan.ts';
import { JsonWriter } from './json-writer.ts';
import { pythonNumber } from './python-number.ts';
import { writePythonString, writePythonText } from './python-string.ts';

export type PythonStyle = 'python' | 'compact';

/** A key and its text, appended to an object that does not have the key. */
export type Addition = readonly [key: string, value: string];

// From here on an object's keys are compared by a map instead of one by one.
const manyKeys = 64;
const closing = Buffer.from('}');

interface Pass {
  readonly source: Uint8Array;
  readonly out: JsonWriter;
  readonly comma: string;
  readonly colon: string;
  readonly added: readonly Addition[];
  /** Hashes of the keys of the objects that are open, the innermost last. */
  readonly hashes: number[];
}

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
  const blank = style === 'python' ? ' ' : '';
  const out = new JsonWriter(source.length + (source.length >> 3) + 128);
  const pass = { source, out, comma: `,${blank}`, colon: `:${blank}`, added, hashes: [] };
  const end = skipSpace(source, writeValue(pass, skipSpace(source, 0), 0));
  if (end !== source.length) throw new JsonFault(end);
  return out.written();
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

/** Remembers a key of the object whose keys begin at `first`; true when it may be a repeat. */
function noteKey(hashes: number[], first: number, hash: number): boolean {
  let repeats = hashes.length - first >= manyKeys;
  if (!repeats) for (let i = first; i < hashes.length; i += 1) repeats ||= hashes[i] === hash;
  hashes.push(hash);
  return repeats;
}

// FNV-1a, 32 bits: equal keys have equal hashes, and a clash only costs a second look.
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash;
}

/** Writes the object that begins at `start` of the output again, each key once. */
function dropRepeats({ out, comma, colon }: Pass, start: number): void {
  const text = Buffer.from(out.written().subarray(start));
  const members = new Map<string, readonly [start: number, end: number]>();
  let count = 0;
  eachMember(text, 0, 0, (keyStart, keyEnd, value) => {
    const end = skipValue(text, value, 1);
    // A Map keeps a key where it was first set, as Python's dict does.
    members.set(text.toString('latin1', keyStart, keyEnd), [value, end]);
    count += 1;
    return end;
  });
  if (members.size === count) return;
  out.length = start;
  let before = '{';
  for (const [key, [valueStart, valueEnd]] of members) {
    out.ascii(before + key + colon);
    out.copy(text, valueStart, valueEnd);
    before = comma;
  }
  out.byte(byte.closeObject);
}

/** Puts a member at the end of the object that begins at `start` and was just written, unless it has the key. */
function append({ out, comma, colon, hashes }: Pass, start: number, [key, value]: Addition): void {
  const end = out.length - 1;
  out.length = end;
  if (end > start + 1) out.ascii(comma);
  const keyStart = out.length;
  writePythonText(key, out);
  const mayRepeat = noteKey(hashes, 0, hashOf(out.bytes, keyStart, out.length));
  if (
    mayRepeat &&
    hasKey(out.bytes, start, end, out.bytes.toString('latin1', keyStart, out.length))
  ) {
    out.length = end;
  } else {
    out.ascii(colon);
    writePythonText(value, out);
  }
  out.byte(byte.closeObject);
}

function hasKey(bytes: Buffer, start: number, end: number, key: string): boolean {
  const object = Buffer.concat([bytes.subarray(start, end), closing]);
  let found = false;
  eachMember(object, 0, 0, (keyStart, keyEnd, value) => {
    found ||= object.toString('latin1', keyStart, keyEnd) === key;
    return skipValue(object, value, 1);
  });
  return found;
}
