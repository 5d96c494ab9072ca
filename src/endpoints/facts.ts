import { eventTimeMs } from '../core/event-time.ts';
import { isObject, valueAlong, valueAt } from '../core/row.ts';
import type { Fact, JsonObject, JsonValue, TypedSlot } from '../core/types.ts';

type Read = Fact['read'];

/**
 * The first of these paths that holds something. A whole that is tried after its part (`ip` after
 * `ip.address`) counts only when it is plain.
 */
export function at(...paths: readonly string[]): Read {
  const places = paths.map((path) => ({
    steps: path.split('.'),
    parted: paths.some((part) => part.startsWith(`${path}.`)),
  }));
  return (body) => {
    for (const { steps, parted } of places) {
      const value = valueAlong(body, steps);
      if (!isEmpty(value) && !(parted && typeof value === 'object')) return value;
    }
    return undefined;
  };
}

/** A text without a meaning of its own, in its place. */
export function text(slot: number, label: string): TypedSlot {
  return { holds: 'text', slot, label };
}

export function note(slot: number, label: string): TypedSlot {
  return { holds: 'note', slot, label };
}

export function number(slot: number, label: string): TypedSlot {
  return { holds: 'number', slot, label };
}

export function time(slot: number, label: string): TypedSlot {
  return { holds: 'time', slot, label };
}

/** The first of these that is a time, in Unix milliseconds. */
export function timeAt(...paths: readonly string[]): Read {
  const places = paths.map((path) => path.split('.'));
  return (body) => {
    for (const steps of places) {
      const timeMs = eventTimeMs(valueAlong(body, steps));
      if (timeMs !== undefined) return timeMs;
    }
    return undefined;
  };
}

/** A value that no row holds. */
export function always(text: string): Read {
  return () => text;
}

/** The text there in lower case. */
export function lowerAt(...paths: readonly string[]): Read {
  const read = at(...paths);
  return (body) => {
    const value = read(body);
    return typeof value === 'string' ? value.toLowerCase() : value;
  };
}

/** What the JSON text (or object) at `path` holds under this key; undefined when it is no JSON. */
export function inside(path: string, key: string): Read {
  return (body) => {
    const value = valueAt(body, path);
    const whole = typeof value === 'string' ? parsed(value) : value;
    return isObject(whole) && Object.hasOwn(whole, key) ? whole[key] : undefined;
  };
}

/** `Browser version (System version)` of a device that holds them apart. */
export function softwareAt(path: string): Read {
  const device = path.split('.');
  return (body) => {
    const browser = words(body, device, ['browser', 'browser_version']).join(' ');
    const system = words(body, device, ['os', 'os_version']).join(' ');
    if (browser === '' || system === '') return browser || system;
    return `${browser} (${system})`;
  };
}

/** `City, State, Country`, as far as they are known. */
export function placeAt(path: string): Read {
  const place = path.split('.');
  return (body) => words(body, place, ['city', 'state', 'country']).join(', ');
}

/** The list's items as one text; `item` makes a text of each that is not one. */
export function listAt(
  path: string,
  item: (value: JsonObject) => string = (value) => JSON.stringify(value),
  between = ', ',
): Read {
  return (body) => {
    const list = valueAt(body, path);
    if (!Array.isArray(list)) return list;
    const texts = (list as readonly JsonValue[]).map((value) =>
      isObject(value) ? item(value) : wordOf(value),
    );
    return texts.filter((text) => text !== '').join(between);
  };
}

/** The text or number at a path, as text; '' for anything else. */
export function wordAt(body: JsonObject, path: string): string {
  return wordOf(valueAt(body, path));
}

function words(body: JsonObject, steps: readonly string[], keys: readonly string[]): string[] {
  const whole = valueAlong(body, steps);
  if (!isObject(whole)) return [];
  return keys.map((key) => wordOf(valueAlong(whole, [key]))).filter((word) => word !== '');
}

function wordOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function parsed(text: string): JsonValue | undefined {
  // Duo writes an object here or plain words, and words need no attempt.
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
