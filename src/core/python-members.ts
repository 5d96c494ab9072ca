import { byte, skipString } from './json-scan.ts';
import type { JsonWriter } from './json-writer.ts';
import { writePythonText } from './python-string.ts';

/** A key and its text, appended to an object that does not have the key. */
export type Addition = readonly [key: string, value: string];

// From here on an object's keys are compared by a map instead of one by one.
const manyKeys = 64;

/** One row on its way through the writer. */
export interface Pass {
  readonly source: Uint8Array;
  readonly out: JsonWriter;
  readonly comma: string;
  readonly colon: string;
  readonly added: readonly Addition[];
  /** Hashes of the keys of the objects that are open, the innermost last. */
  readonly hashes: number[];
}

/** Remembers a key of the object whose keys begin at `first`; true when it may be a repeat. */
export function noteKey(hashes: number[], first: number, hash: number): boolean {
  let repeats = hashes.length - first >= manyKeys;
  if (!repeats) for (let i = first; i < hashes.length; i += 1) repeats ||= hashes[i] === hash;
  hashes.push(hash);
  return repeats;
}

// FNV-1a, 32 bits: equal keys have equal hashes, and a clash only costs a second look.
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash;
}

/** Writes the object that begins at `start` of the output again, each key once. */
export function dropRepeats(pass: Pass, start: number): void {
  const { out } = pass;
  const text = Buffer.from(out.bytes.subarray(start, out.length));
  const members = new Map<string, readonly [start: number, end: number]>();
  let count = 0;
  eachWritten(pass, text, (key, valueStart, valueEnd) => {
    // A Map keeps a key where it was first set, as Python's dict does.
    members.set(key, [valueStart, valueEnd]);
    count += 1;
  });
  if (members.size === count) return;
  out.length = start;
  let before = '{';
  for (const [key, [valueStart, valueEnd]] of members) {
    out.ascii(before + key + pass.colon);
    out.copy(text, valueStart, valueEnd);
    before = pass.comma;
  }
  out.byte(byte.closeObject);
}

/** Puts a member at the end of the object that begins at `start` and was just written, unless it has the key. */
export function append(pass: Pass, start: number, [key, value]: Addition): void {
  const { out } = pass;
  const end = out.length - 1;
  out.length = end;
  if (end > start + 1) out.ascii(pass.comma);
  const keyStart = out.length;
  writePythonText(key, out);
  const mayRepeat = noteKey(pass.hashes, 0, hashOf(out.bytes, keyStart, out.length));
  const written = out.bytes.toString('latin1', keyStart, out.length);
  if (mayRepeat && hasKey(pass, out.bytes.subarray(start, end), written)) {
    out.length = end;
  } else {
    out.ascii(pass.colon);
    writePythonText(value, out);
  }
  out.byte(byte.closeObject);
}

function hasKey(pass: Pass, object: Buffer, wanted: string): boolean {
  let found = false;
  eachWritten(pass, object, (key) => {
    found ||= key === wanted;
  });
  return found;
}

/** The members of an object in our own spelling (which JSON's rules do not cover: `Infinity`), in order. */
function eachWritten(
  { comma, colon }: Pass,
  object: Buffer,
  member: (key: string, valueStart: number, valueEnd: number) => void,
): void {
  let at = 1;
  while (object[at] === byte.quote) {
    const keyEnd = skipString(object, at);
    const valueEnd = writtenEnd(object, keyEnd + colon.length);
    member(object.toString('latin1', at, keyEnd), keyEnd + colon.length, valueEnd);
    at = valueEnd + comma.length;
  }
}

function writtenEnd(object: Buffer, at: number): number {
  for (let open = 0; at < object.length;) {
    const c = object[at];
    if (c === byte.quote) {
      at = skipString(object, at);
      continue;
    }
    if (c === byte.openObject || c === byte.openList) open += 1;
    else if (open === 0 && (c === byte.comma || c === byte.closeObject)) break;
    else if (c === byte.closeObject || c === byte.closeList) open -= 1;
    at += 1;
  }
  return at;
}
