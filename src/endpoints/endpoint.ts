import type { ApiAnswer, EventProfile, Params, Window } from '../core/types.ts';
import type { Row } from '../core/row.ts';

/**
 * One kind of Duo log describes itself. Pure: no waiting, no cursor arithmetic of its own
 * (engine/window.ts), no knowledge of formats. Lenient: a missing field never throws.
 */
export interface Endpoint {
  /** One line for help and documentation. */
  readonly summary: string;
  /** What fields mean. */
  readonly profile: EventProfile;
  readonly path: string;
  /** The unit of `mintime` on the wire. */
  readonly unit: 'ms' | 's';
  /** Whether the endpoint takes an end (and pages by an offset); v1 has neither. */
  readonly hasEnd: boolean;
  /** Whether rows come in the order of their times. */
  readonly ordered: boolean;
  /** How far back is read again at least, for rows that change or come very late; else the config's look-back. */
  readonly lookbackMs?: number;
  /** The most rows that one page may hold. */
  readonly pageLimit: number;
  params(window: Window): Params;
  /** Throws `duo_wrong_shape` (retry) when the list of rows is missing. */
  rows(answer: ApiAnswer): Row[];
  /** What continues after this page; undefined at the end. */
  offset(answer: ApiAnswer): string | undefined;
  /** How many rows the window holds in all, as far as Duo says so; for nothing but telling progress. */
  total(answer: ApiAnswer): number | undefined;
  /** Duo's id of the row; undefined when it has none (then its text serves as one). */
  id(row: Row): string | undefined;
  /** The row's time; undefined when it has none that can be read. */
  timeMs(row: Row): number | undefined;
}
