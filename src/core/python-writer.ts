import { byte, maxDepth, skipNumber } from './json-scan.ts';
import { JsonWriter } from './json-writer.ts';
import { writePythonJson, type PythonStyle } from './python-json.ts';
import type { Addition } from './python-members.ts';
import { pythonNumber } from './python-number.ts';
import { writePythonString, writePythonText } from './python-string.ts';

// Local: an imported constant is looked up each time, which costs half as much again (measured).
const { quote, comma, colon, backslash, slash, minus, zero, nine, lowerU } = byte;
const { openObject, closeObject } = byte;
const [space, del] = [0x20, 0x7f] as const;

const slabBytes = 262_144;
/** Keys of open objects are compared one by one; Duo's rows have about twenty in one object. */
const mostKeys = 256;

/** What is added to rows, spelled once for many. */
export interface Additions {
  readonly list: readonly Addition[];
  /** All of it, each with its comma before it. */
  readonly text: Uint8Array;
}

/**
 * Writes rows as `pythonJson` does, several times as fast, in one pass over bytes that are known to be JSON.
 * What this pass does not understand (a repeated key, a key with escapes, a row that is no object) goes
 * to `writePythonJson`.
 */
export class PythonWriter {
  readonly #style: PythonStyle;
  readonly #out = new JsonWriter(slabBytes);
  /** Of the keys of all open objects, the innermost last: where they start in the row, and a hash. */
  readonly #starts = new Int32Array(mostKeys);
  readonly #hashes = new Int32Array(mostKeys);
  /** How many keys the objects around each open one have. */
  readonly #outer = new Int32Array(maxDepth + 1);

  constructor(style: PythonStyle) {
    this.#style = style;
  }

  spell(list: readonly Addition[]): Additions {
    const blank = this.#style === 'python' ? ' ' : '';
    const out = new JsonWriter(0);
    for (const [key, value] of list) {
      out.ascii(`,${blank}`);
      writePythonText(key, out);
      out.ascii(`:${blank}`);
      writePythonText(value, out);
    }
    return { list, text: out.written() };
  }

  /** `source`: JSON, as readAnswer has checked it. The line's bytes share memory with other lines'. */
  line(source: Uint8Array, additions: Additions): Uint8Array {
    const out = this.#out;
    out.begin(2 * source.length + additions.text.length);
    const start = out.length;
    if (!this.#copy(source, additions)) {
      out.length = start;
      writePythonJson(source, out, this.#style, additions.list);
    }
    return out.written();
  }

  /** False when this row is not for this pass. */
  #copy(source: Uint8Array, additions: Additions): boolean {
    const out = this.#out;
    const spaced = this.#style === 'python';
    const end = source.length;
    let { bytes, length: to } = out;
    let depth = 0;
    /** Keys of all open objects, and of those around the innermost. */
    let keys = 0;
    let first = 0;
    let at = 0;
    if (source[0] !== openObject) return false;
    while (at < end) {
      let c = source[at] ?? 0;
      if (c === quote) {
        const start = at;
        const before = to;
        bytes[to++] = quote;
        c = source[++at] ?? 0;
        for (;;) {
          while (c >= space && c < del && c !== quote && c !== backslash) {
            bytes[to++] = c;
            c = source[++at] ?? 0;
          }
          if (c !== backslash || source[at + 1] === lowerU) break;
          c = source[at + 1] ?? 0;
          if (c !== slash) bytes[to++] = backslash;
          bytes[to++] = c;
          c = source[(at += 2)] ?? 0;
        }
        const plain = c === quote;
        if (plain) {
          bytes[to++] = quote;
          at += 1;
        } else {
          out.length = before;
          at = writePythonString(source, start, out);
          out.reserve(2 * (end - at) + additions.text.length);
          ({ bytes, length: to } = out);
        }
        c = source[at] ?? 0;
        while (c <= space && at < end) c = source[++at] ?? 0;
        if (c !== colon) continue;
        // A key written with other bytes than Duo's can not be compared by them.
        if (!plain || keys === mostKeys || source[at - 1] !== quote) return false;
        if (to - before !== at - start) return false;
        if (this.#isRepeated(source, start, at, first, keys)) return false;
        keys += 1;
        bytes[to++] = colon;
        if (spaced) bytes[to++] = space;
        at += 1;
      } else if (c === comma) {
        bytes[to++] = comma;
        if (spaced) bytes[to++] = space;
        at += 1;
      } else if (c === openObject) {
        if (depth === maxDepth) return false;
        this.#outer[depth++] = first;
        first = keys;
        bytes[to++] = c;
        at += 1;
      } else if (c === closeObject) {
        if (depth === 1) {
          if (this.#hasAny(source, additions, keys)) return false;
          const { text } = additions;
          // An empty row gets no comma before what is added.
          for (let i = keys > 0 ? 0 : spaced ? 2 : 1; i < text.length; i += 1) {
            bytes[to++] = text[i] ?? 0;
          }
        }
        keys = first;
        first = this.#outer[--depth] ?? 0;
        bytes[to++] = c;
        at += 1;
      } else if (c === minus || (c >= zero && c <= nine)) {
        const stop = skipNumber(source, at);
        const text = numberText(source, at, stop);
        if (text === undefined) for (let i = at; i < stop; i += 1) bytes[to++] = source[i] ?? 0;
        else {
          out.length = to;
          out.ascii(text);
          out.reserve(2 * (end - stop) + additions.text.length);
          ({ bytes, length: to } = out);
        }
        at = stop;
      } else {
        if (c > space) bytes[to++] = c;
        at += 1;
      }
    }
    out.length = to;
    return depth === 0;
  }

  /** Remembers the key as number `keys` and tells whether it is one of those from `first` on. */
  #isRepeated(
    source: Uint8Array,
    start: number,
    end: number,
    first: number,
    keys: number,
  ): boolean {
    const [hashes, starts] = [this.#hashes, this.#starts];
    const length = end - start;
    const middle = source[start + (length >> 1)] ?? 0;
    const hash =
      length ^ ((source[start + 1] ?? 0) << 8) ^ (middle << 16) ^ ((source[end - 2] ?? 0) << 24);
    for (let i = first; i < keys; i += 1) {
      if (hashes[i] === hash && isSame(source, starts[i] ?? 0, source, start, length)) return true;
    }
    hashes[keys] = hash;
    starts[keys] = start;
    return false;
  }

  #hasAny(source: Uint8Array, { list }: Additions, keys: number): boolean {
    for (const [key] of list) {
      for (let i = 0; i < keys; i += 1) if (isKey(source, this.#starts[i] ?? 0, key)) return true;
    }
    return false;
  }
}

function isSame(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

function isKey(source: Uint8Array, start: number, key: string): boolean {
  for (let i = 0; i < key.length; i += 1) {
    if (source[start + 1 + i] !== key.charCodeAt(i)) return false;
  }
  return source[start + 1 + key.length] === quote;
}

/** Python's spelling, where it may be another one than Duo's. */
function numberText(source: Uint8Array, start: number, end: number): string | undefined {
  let isWhole = true;
  for (let i = start; i < end; i += 1) {
    const c = source[i] ?? 0;
    isWhole &&= c >= zero ? c <= nine : c === minus;
  }
  if (isWhole && !(source[start] === minus && source[start + 1] === zero)) return undefined;
  return pythonNumber(Buffer.from(source.subarray(start, end)).toString('latin1'));
}
