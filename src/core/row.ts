import { byte, skipNumber, skipString, skipValue } from './json-scan.ts';
import type { RowList } from './row-list.ts';
import type { JsonObject, JsonValue } from './types.ts';

const { quote, minus, zero, nine, backslash } = byte;

/**
 * One row of an answer: its bytes, parsed only when somebody looks inside. What was parsed is not kept: a page of
 * it would outlive two of V8's young generations, whose copying costs 2 µs a row (measured).
 */
export class Row {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  /** Undefined for a row that is a text of its own. */
  readonly #list: RowList | undefined;
  readonly #index: number;
  #source: Uint8Array | undefined;

  /** A row that is all of `source`, or the part of it that is one of a list. */
  constructor(source: Uint8Array, start = 0, end = source.length, list?: RowList, index = 0) {
    this.#bytes = bufferOf(source);
    this.#start = start;
    this.#end = end;
    this.#list = list;
    this.#index = index;
    if (list === undefined) this.#source = source;
  }

  /** Its text exactly as Duo sent it: a part of the answer's bytes, not copied. */
  get source(): Uint8Array {
    return (this.#source ??= this.#bytes.subarray(this.#start, this.#end));
  }

  /** Parsed anew each time. */
  get body(): JsonObject {
    return objectOf(parse(this.#bytes, this.#start, this.#end));
  }

  /** The same as the own property `key` of the body, found without parsing the rest. `key`: ASCII. */
  value(key: string): JsonValue | undefined {
    const list = this.#list;
    if (list === undefined) return own(this.body, key);
    const { places } = list;
    const first = list.bound(this.#index, 2);
    // From behind: a repeated key counts with its last value.
    for (let i = list.bound(this.#index, 3) - 2; i >= first; i -= 2) {
      const start = places.at[i] ?? 0;
      if (start < 0) return own(this.body, key);
      if (this.#isKey(start, key)) return valueFrom(this.#bytes, places.at[i + 1] ?? 0);
    }
    return undefined;
  }

  #isKey(start: number, key: string): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < key.length; i += 1) {
      if (bytes[start + 1 + i] !== key.charCodeAt(i)) return false;
    }
    return bytes[start + 1 + key.length] === quote;
  }
}

/** The value that begins at `at` of a text that is known to be JSON. */
function valueFrom(bytes: Buffer, at: number): JsonValue {
  const c = bytes[at] ?? 0;
  if (c === quote) {
    for (let end = at + 1; ; end += 1) {
      const d = bytes[end] ?? 0;
      if (d === quote) return bytes.toString('latin1', at + 1, end);
      if (d === backslash || d > 0x7e) return parse(bytes, at, skipString(bytes, at));
    }
  }
  if (c === minus || (c >= zero && c <= nine)) {
    return Number(bytes.toString('latin1', at, skipNumber(bytes, at)));
  }
  return parse(bytes, at, skipValue(bytes, at, 0));
}

function parse(bytes: Buffer, start: number, end: number): JsonValue {
  return JSON.parse(bytes.toString('utf8', start, end)) as JsonValue;
}

function objectOf(value: JsonValue): JsonObject {
  return isObject(value) ? value : {};
}

function own(body: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(body, key) ? body[key] : undefined;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path, or undefined; own properties only. */
export function valueAt(body: JsonObject, path: string): JsonValue | undefined {
  return valueAlong(body, path.split('.'));
}

/** The same for a path that was split once and for all. */
export function valueAlong(body: JsonObject, steps: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = body;
  for (const key of steps) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
