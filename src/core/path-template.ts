/**
 * Where an archive keeps an event: a template of folders and a file name, filled in from the feed and the
 * event's own time. Pure; paths are relative to the archive's directory and joined by `/`.
 */
import { createHash } from 'node:crypto';

export type ArchiveZone = 'utc' | 'local';

/** How an archive is laid out. */
export interface ArchiveLayout {
  readonly template: string;
  /** Whose midnight ends a day: UTC's, or this machine's. */
  readonly timeZone: ArchiveZone;
  /** What `{endpoint}` becomes, where it is not the endpoint's own name. */
  readonly names?: Readonly<Record<string, string>>;
}

/** Whose files they are. */
export interface ArchiveFeed {
  readonly endpoint: string;
  /** The child's account id; undefined for the account of the config file. */
  readonly accountId: string | undefined;
}

export const defaultLayout: ArchiveLayout = {
  template: '{account}/{endpoint}/{YYYY}-{MM}-{DD}.log',
  timeZone: 'utc',
};

/** The tree that Duo Watcher writes; it knows three logs and no child accounts, the others follow its style. */
export const duoWatcherLayout: ArchiveLayout = {
  template: '{account}/{endpoint}/{YY}{MM}{DD}',
  timeZone: 'local',
  names: { adminaction: 'admin', telephony: 'phone' },
};

export const placeholders = ['endpoint', 'account', 'YYYY', 'YY', 'MM', 'DD', 'HH'] as const;
export type Placeholder = (typeof placeholders)[number];
export type Piece = { readonly text: string } | { readonly placeholder: Placeholder };

/** One folder, or the file at the end. */
export type Segment = readonly Piece[];

/** The template in pieces, wrong or not: what is no placeholder stays as text. */
export function segmentsOf(template: string): readonly Segment[] {
  return template.split('/').map((segment) =>
    segment
      .split(/(\{[A-Za-z]+\})/)
      .filter((part) => part !== '')
      .map((part): Piece => {
        const name = placeholders.find((one) => part === `{${one}}`);
        return name === undefined ? { text: part } : { placeholder: name };
      }),
  );
}

/** Which file of a feed an event of this time belongs to; remembers what it made, so use one for a page. */
export function pathsFor(layout: ArchiveLayout, feed: ArchiveFeed): (timeMs: number) => string {
  const segments = segmentsOf(layout.template);
  const made = new Map<number, string>();
  return (timeMs) => {
    const parts = datePartsOf(timeMs, layout.timeZone);
    const key = ((parts.year * 12 + parts.month) * 32 + parts.day) * 24 + parts.hour;
    let path = made.get(key);
    if (path === undefined) {
      path = fill(segments, layout, feed, parts);
      made.set(key, path);
    }
    return path;
  };
}

interface DateParts {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
}

// Between them every year has four digits in every time zone.
const firstMs = 0;
const lastMs = Date.UTC(9999, 11, 30);

function datePartsOf(timeMs: number, zone: ArchiveZone): DateParts {
  const date = new Date(Math.min(lastMs, Math.max(firstMs, timeMs)));
  return zone === 'utc'
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth() + 1,
        day: date.getDate(),
        hour: date.getHours(),
      };
}

function fill(
  segments: readonly Segment[],
  layout: ArchiveLayout,
  feed: ArchiveFeed,
  parts: DateParts,
): string {
  const values: Record<Placeholder, string> = {
    endpoint: endpointName(layout, feed.endpoint),
    account: accountName(feed.accountId),
    YYYY: String(parts.year).padStart(4, '0'),
    YY: twoDigits(parts.year % 100),
    MM: twoDigits(parts.month),
    DD: twoDigits(parts.day),
    HH: twoDigits(parts.hour),
  };
  return segmentsFor(segments, feed)
    .map((pieces) =>
      pieces.map((piece) => ('text' in piece ? piece.text : values[piece.placeholder])).join(''),
    )
    .join('/');
}

/** The account of the config file has no folder of its own. */
export function segmentsFor(segments: readonly Segment[], feed: ArchiveFeed): readonly Segment[] {
  if (feed.accountId !== undefined) return segments;
  return segments.filter((pieces, index) => {
    const [only] = pieces;
    const alone =
      pieces.length === 1 &&
      only !== undefined &&
      'placeholder' in only &&
      only.placeholder === 'account';
    return !alone || index === segments.length - 1;
  });
}

export function endpointName(layout: ArchiveLayout, endpoint: string): string {
  const name = layout.names?.[endpoint] ?? endpoint;
  return /^[a-z0-9_]{1,64}$/.test(name) ? name : safeName(name);
}

/** Duo's ids stay as they are; any other text becomes a name that no other text becomes. */
export function accountName(accountId: string | undefined): string {
  if (accountId === undefined) return 'main';
  const plain = /^[A-Z0-9]{1,64}$/.test(accountId) && accountId !== 'MAIN';
  return plain && !isReserved(accountId) ? accountId : safeName(accountId);
}

/** With lower case and a hash it differs from every other text's name, also where capitals do not count. */
export function safeName(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const readable = text
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '_')
    .slice(0, 40);
  return `${readable}-${hash}`;
}

/** Names that Windows keeps for devices, with or without an extension. */
export function isReserved(name: string): boolean {
  return /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
