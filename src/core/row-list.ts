import { Places } from './json-scan.ts';
import { Row } from './row.ts';
import type { JsonValue } from './types.ts';

const decoder = new TextDecoder();
/** Who looks into more of a page's rows than these mostly looks into all. */
const fewRows = 8;

/** A list of an answer, cut into rows that share the body's memory; filled by core/json-bytes.ts. */
export class RowList {
  readonly body: Uint8Array;
  /** The opening bracket. */
  readonly start: number;
  /** Behind the closing bracket. */
  end: number;
  /** The members of the rows that are objects. */
  readonly places = new Places();
  /** Of each row: start and end of its text, begin and end of its members in `places`. */
  readonly #bounds: number[] = [];

  constructor(body: Uint8Array, start: number) {
    this.body = body;
    this.start = start;
    this.end = start;
  }

  get length(): number {
    return this.#bounds.length / 4;
  }

  /** The next row; its members are those in `places` from `firstPlace` on. */
  add(start: number, end: number, firstPlace: number): void {
    this.#bounds.push(start, end, firstPlace, this.places.length);
  }

  /** For one reader: what it parses goes when it lets go of the rows. */
  rows(): Row[] {
    const bodies = new Bodies(this);
    return Array.from({ length: this.length }, (_, index) => {
      const [start, end] = [this.bound(index, 0), this.bound(index, 1)];
      return new Row(this.body, start, end, bodies, index);
    });
  }

  bound(index: number, which: 0 | 1 | 2 | 3): number {
    return this.#bounds[4 * index + which] ?? 0;
  }
}

/** The parsed rows of a list: one JSON.parse for all of them costs less than one for each. */
export class Bodies {
  readonly list: RowList;
  #parsed: readonly JsonValue[] | undefined;
  #asked = 0;

  constructor(list: RowList) {
    this.list = list;
  }

  /** The value of a row; undefined as long as it is better parsed alone. */
  at(index: number): JsonValue | undefined {
    this.#asked += 1;
    if (this.#asked <= fewRows) return undefined;
    const { body, start, end } = this.list;
    this.#parsed ??= JSON.parse(decoder.decode(body.subarray(start, end))) as JsonValue[];
    return this.#parsed[index];
  }
}
