import {
  accountName,
  type ArchiveFeed,
  type ArchiveLayout,
  endpointName,
  pathsFor,
  type Placeholder,
  segmentsFor,
  segmentsOf,
} from './path-template.ts';

/** The files that a template can make for one feed: recognises them, and tells which time they hold. */
export interface DatedPaths {
  /** For each folder, and at last the file: what its name must look like. */
  readonly segments: readonly RegExp[];
  /** The time that a file holds, from its path; undefined for any path that the template does not make. */
  readonly periodOf: (path: string) => Period | undefined;
}

export interface Period {
  readonly fromMs: number;
  /** The first millisecond behind it. */
  readonly toMs: number;
}

const digits: Readonly<Partial<Record<Placeholder, string>>> = {
  YYYY: '([0-9]{4})',
  YY: '([0-9]{2})',
  MM: '([0-9]{2})',
  DD: '([0-9]{2})',
  HH: '([0-9]{2})',
};

export function datedPaths(layout: ArchiveLayout, feed: ArchiveFeed): DatedPaths {
  const pieces = segmentsFor(segmentsOf(layout.template), feed);
  const sources = pieces.map((segment) =>
    segment
      .map((piece) => {
        if ('text' in piece) return escape(piece.text);
        if (piece.placeholder === 'endpoint') return escape(endpointName(layout, feed.endpoint));
        if (piece.placeholder === 'account') return escape(accountName(feed.accountId));
        return digits[piece.placeholder] ?? '';
      })
      .join(''),
  );
  const order = pieces
    .flat()
    .flatMap((piece) =>
      'placeholder' in piece && digits[piece.placeholder] !== undefined ? [piece.placeholder] : [],
    );
  const whole = new RegExp(`^${sources.join('/')}$`);
  const pathOf = pathsFor(layout, feed);
  return {
    segments: sources.map((source) => new RegExp(`^${source}$`)),
    periodOf: (path) => {
      const found = whole.exec(path)?.slice(1);
      if (found === undefined || order.length === 0) return undefined;
      const values = new Map(order.map((name, index) => [name, Number(found[index])]));
      const period = periodFrom(values, layout.timeZone === 'utc');
      // Such as 31 February, or two years that differ.
      return pathOf(period.fromMs) === path ? period : undefined;
    },
  };
}

function periodFrom(values: ReadonlyMap<Placeholder, number>, utc: boolean): Period {
  const at = (year: number, month: number, day: number, hour: number): number =>
    utc ? Date.UTC(year, month, day, hour) : new Date(year, month, day, hour).getTime();
  const year = values.get('YYYY') ?? 2000 + (values.get('YY') ?? 0);
  const month = (values.get('MM') ?? 1) - 1;
  const day = values.get('DD') ?? 1;
  const hour = values.get('HH') ?? 0;
  const fromMs = at(year, month, day, hour);
  if (values.has('HH')) return { fromMs, toMs: at(year, month, day, hour + 1) };
  if (values.has('DD')) return { fromMs, toMs: at(year, month, day + 1, 0) };
  if (values.has('MM')) return { fromMs, toMs: at(year, month + 1, 1, 0) };
  return { fromMs, toMs: at(year + 1, 0, 1, 0) };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
