/** Deeper nesting than this is refused: Duo's rows have about six levels, and a scan must end. */
export const maxDepth = 64;

/** Where and why a text is not JSON; never carries a part of the text. */
export class JsonFault extends Error {
  readonly at: number;
  readonly tooDeep: boolean;

  constructor(at: number, tooDeep = false) {
    super(tooDeep ? `nested too deep at byte ${at}` : `not JSON at byte ${at}`);
    this.name = 'JsonFault';
    this.at = at;
    this.tooDeep = tooDeep;
  }
}

export const byte = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  slash: 0x2f,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openList: 0x5b,
  backslash: 0x5c,
  closeList: 0x5d,
  lowerU: 0x75,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

/** The first position at or after `at` that holds no JSON white space (RFC 8259 §2). */
export function skipSpace(source: Uint8Array, at: number): number {
  for (;;) {
    const c = source[at];
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at;
    at += 1;
  }
}

/** The end of the value that begins at `at`, every rule of RFC 8259 checked. Throws JsonFault. */
export function skipValue(source: Uint8Array, at: number, depth: number): number {
  const c = source[at];
  switch (c) {
    case byte.quote:
      return skipString(source, at);
    case byte.openObject:
      return skipObject(source, at, depth);
    case byte.openList:
      return skipList(source, at, depth);
    case 0x74:
      return skipWord(source, at, 'true');
    case 0x66:
      return skipWord(source, at, 'false');
    case 0x6e:
      return skipWord(source, at, 'null');
    case undefined:
    default:
      return skipNumber(source, at);
  }
}

/**
 * The end of the string that begins at `at`. Bytes over 0x7f are not judged: an ill-formed
 * sequence reads as U+FFFD everywhere, so that one bad byte never holds up a feed.
 */
export function skipString(source: Uint8Array, at: number): number {
  if (source[at] !== byte.quote) throw new JsonFault(at);
  at += 1;
  for (;;) {
    const c = source[at];
    if (c === byte.quote) return at + 1;
    if (c === byte.backslash) at = skipEscape(source, at);
    else if (c === undefined || c < 0x20) throw new JsonFault(at);
    else at += 1;
  }
}

/** The end of the escape that begins at `at`. */
function skipEscape(source: Uint8Array, at: number): number {
  switch (source[at + 1]) {
    case byte.quote:
    case byte.backslash:
    case byte.slash:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
    case byte.lowerU:
      for (let i = at + 2; i < at + 6; i += 1) if (hexDigit(source[i]) < 0) throw new JsonFault(i);
      return at + 6;
    case undefined:
    default:
      throw new JsonFault(at + 1);
  }
}

/** 0…15, or -1 when the byte is no hexadecimal digit. */
export function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The end of the number that begins at `at`. */
export function skipNumber(source: Uint8Array, at: number): number {
  if (source[at] === byte.minus) at += 1;
  if (source[at] === byte.zero) at += 1;
  else at = skipDigits(source, at);
  if (source[at] === byte.dot) at = skipDigits(source, at + 1);
  const c = source[at];
  if (c === 0x65 || c === 0x45) {
    const sign = source[at + 1];
    at = skipDigits(source, sign === 0x2b || sign === byte.minus ? at + 2 : at + 1);
  }
  return at;
}

function skipDigits(source: Uint8Array, at: number): number {
  const start = at;
  for (;;) {
    const c = source[at];
    if (c === undefined || c < byte.zero || c > byte.nine) break;
    at += 1;
  }
  if (at === start) throw new JsonFault(at);
  return at;
}

export function skipWord(source: Uint8Array, at: number, word: string): number {
  for (let i = 0; i < word.length; i += 1) {
    if (source[at + i] !== word.charCodeAt(i)) throw new JsonFault(at + i);
  }
  return at + word.length;
}

function skipObject(source: Uint8Array, at: number, depth: number): number {
  return eachMember(source, at, depth, (_start, _end, value) =>
    skipValue(source, value, depth + 1),
  );
}

function skipList(source: Uint8Array, at: number, depth: number): number {
  return eachElement(source, at, depth, (value) => skipValue(source, value, depth + 1));
}

/**
 * Goes through the object that begins at `at`. `member` gets where the key (with its quotes) starts
 * and ends and where the value starts, and returns where the value ends. Returns the object's end.
 */
export function eachMember(
  source: Uint8Array,
  at: number,
  depth: number,
  member: (keyStart: number, keyEnd: number, value: number) => number,
): number {
  if (depth >= maxDepth) throw new JsonFault(at, true);
  at = skipSpace(source, at + 1);
  if (source[at] === byte.closeObject) return at + 1;
  for (;;) {
    const keyEnd = skipString(source, at);
    const colon = skipSpace(source, keyEnd);
    if (source[colon] !== byte.colon) throw new JsonFault(colon);
    at = skipSpace(source, member(at, keyEnd, skipSpace(source, colon + 1)));
    if (source[at] === byte.closeObject) return at + 1;
    if (source[at] !== byte.comma) throw new JsonFault(at);
    at = skipSpace(source, at + 1);
  }
}

/** Goes through the list that begins at `at`; `element` gets each value's start and returns its end. */
export function eachElement(
  source: Uint8Array,
  at: number,
  depth: number,
  element: (value: number) => number,
): number {
  if (depth >= maxDepth) throw new JsonFault(at, true);
  at = skipSpace(source, at + 1);
  if (source[at] === byte.closeList) return at + 1;
  for (;;) {
    at = skipSpace(source, element(at));
    if (source[at] === byte.closeList) return at + 1;
    if (source[at] !== byte.comma) throw new JsonFault(at);
    at = skipSpace(source, at + 1);
  }
}
