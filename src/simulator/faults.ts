/** What goes wrong, once a fault is due. */
export type Effect =
  /** Any answer: an edge's HTML, an empty 503, a captive portal's 200. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** `stat: FAIL` with a code of any type or none; the status is 200 unless given. */
  | {
      readonly kind: 'fail';
      readonly status?: number;
      readonly code?: number | string | null;
      readonly message?: string;
      readonly detail?: string;
    }
  /** 429 as Duo says it, or as an edge does. */
  | { readonly kind: 'tooManyRequests'; readonly html?: boolean }
  /** A whole HTTP answer around half a JSON text. */
  | { readonly kind: 'truncatedJson' }
  | { readonly kind: 'cutBeforeHeaders' }
  /** The connection ends after half the promised body, or in the middle of chunks; shorter bodies than `overBytes` pass. */
  | { readonly kind: 'cutMidBody'; readonly chunked?: boolean; readonly overBytes?: number }
  /** Nothing more comes, from the start or after that many bytes of the body. */
  | { readonly kind: 'stall'; readonly afterBytes?: number }
  | { readonly kind: 'slowDrip'; readonly bytesPerSecond: number }
  | { readonly kind: 'endlessBody' }
  /** A gigabyte of blanks in a megabyte of gzip, asked for or not. */
  | { readonly kind: 'gzipBomb' }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Good JSON of another shape. */
  | { readonly kind: 'wrongShape'; readonly body?: string }
  /** The Date header is off by so much. */
  | { readonly kind: 'dateOffset'; readonly ms: number }
  | PageEffect;

/** Odd pages; requests that are refused anyway are left alone. */
export type PageEffect =
  /** The cursor that was sent comes back. */
  | { readonly kind: 'cursorLoop' }
  /** No rows, but a cursor that leads on. */
  | { readonly kind: 'emptyPageWithCursor' }
  /** The answer before this one, once more. */
  | { readonly kind: 'duplicatePage' }
  /** At most so many rows, whatever was asked for. */
  | { readonly kind: 'shortPage'; readonly rows: number };

/** When and where an effect is due. */
export interface FaultScope {
  readonly endpoint?: string;
  /** An account's ikey or a child's id. */
  readonly account?: string;
  /** Which of the requests that match, numbered from 1 since the fault was pushed; without it each. */
  readonly when?: (number: number) => boolean;
  /** How often it happens; without `times` and `when` once. */
  readonly times?: number;
}

export type Fault = FaultScope & Effect;

/** The faults to come. The first that is due is played, the others stay. */
export interface Faults {
  push(...faults: readonly Fault[]): void;
  clear(): void;
  /** Counts the request for every fault that it matches. */
  next(endpoint: string | undefined, account: string | undefined): Effect | undefined;
}

export function createFaults(): Faults {
  let waiting: { fault: Fault; seen: number; left: number }[] = [];
  return {
    push(...faults) {
      for (const fault of faults) {
        const left = fault.times ?? (fault.when === undefined ? 1 : Infinity);
        waiting.push({ fault, seen: 0, left });
      }
    },
    clear() {
      waiting = [];
    },
    next(endpoint, account) {
      let effect: Effect | undefined;
      for (const entry of waiting) {
        const { fault } = entry;
        if (fault.endpoint !== undefined && fault.endpoint !== endpoint) continue;
        if (fault.account !== undefined && fault.account !== account) continue;
        entry.seen += 1;
        if (effect !== undefined || fault.when?.(entry.seen) === false) continue;
        effect = fault;
        entry.left -= 1;
      }
      waiting = waiting.filter((entry) => entry.left > 0);
      return effect;
    },
  };
}
