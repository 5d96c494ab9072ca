import { Places } from './json-scan.ts';
import { Row } from './row.ts';

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

  /** For one reader. */
  rows(): Row[] {
    const rows: Row[] = [];
    for (let i = 0; i < this.length; i += 1) {
      rows.push(new Row(this.body, this.bound(i, 0), this.bound(i, 1), this, i));
    }
    return rows;
  }

  bound(index: number, which: 0 | 1 | 2 | 3): number {
    return this.#bounds[4 * index + which] ?? 0;
  }
}
