import { serialIn } from './history.ts';

export type LineFormat = 'json' | 'cef';

/**
 * Tells lines that a kill has cut in half from broken ones: such a line is the beginning of another that
 * came whole, because what was not confirmed goes again.
 */
export class TornLines {
  readonly #format: LineFormat;
  readonly #serials = new Map<string, string>();
  /** The longest line of each serial, without what differs between two sendings. */
  readonly #longest = new Map<string, string>();
  /** How a line begins as far as `CEF:`, digits aside. */
  readonly #prefixes = new Set<string>();
  #sorted: readonly string[] | undefined;

  constructor(lines: Iterable<string>, format: LineFormat) {
    this.#format = format;
    for (const line of lines) {
      const serial = isWellFormed(line, format) ? serialIn(line) : undefined;
      if (serial === undefined) continue;
      this.#serials.set(line, serial);
      const event = this.#eventOf(line);
      if (format === 'cef') this.#prefixes.add(`${shapeOf(line.slice(0, -event.length))}CEF:`);
      if (event.length > (this.#longest.get(serial)?.length ?? 0)) this.#longest.set(serial, event);
    }
  }

  /** The serial of a line that is one event of the format; a CEF line may still lack its end. */
  serialOf(line: string): string | undefined {
    return this.#serials.get(line);
  }

  /** Whether the text is the beginning of a line that came whole, and not all of it. */
  has(text: string): boolean {
    const part = this.#eventOf(text);
    const serial = this.#serials.get(text);
    if (serial !== undefined) return isBeginning(part, this.#longest.get(serial) ?? '');
    if ([...this.#prefixes].some((prefix) => isBeginning(shapeOf(text), prefix))) return true;
    this.#sorted ??= [...this.#longest.values()].sort();
    return isBeginning(part, this.#sorted[firstNotBefore(this.#sorted, part)] ?? '');
  }

  /** Without the time and sender in front of CEF, which change when the line is made anew. */
  #eventOf(line: string): string {
    return this.#format === 'cef' ? line.slice(Math.max(0, line.indexOf('CEF:'))) : line;
  }
}

// One header with its seven bars and nothing before it but a prefix, one event alone.
const cef = /^(?:(?!CEF:)[^|])*CEF:[01](?:\|(?:[^|\\]|\\[|\\])*){6}\|(?!.*CEF:[01]\|)/;

function isWellFormed(text: string, format: LineFormat): boolean {
  if (format === 'cef') return cef.test(text);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function shapeOf(text: string): string {
  return text.replace(/\d/g, '0');
}

function isBeginning(part: string, whole: string): boolean {
  return part !== '' && part.length < whole.length && whole.startsWith(part);
}

function firstNotBefore(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
