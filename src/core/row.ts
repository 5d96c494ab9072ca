import type { JsonObject, JsonValue } from './types.ts';

const decoder = new TextDecoder();

/** One row of an answer: its bytes, parsed only when somebody looks inside. */
export class Row {
  readonly source: Uint8Array;
  #body: JsonObject | undefined;

  constructor(source: Uint8Array) {
    this.source = source;
  }

  get body(): JsonObject {
    return (this.#body ??= parseObject(this.source));
  }
}

function parseObject(source: Uint8Array): JsonObject {
  const value = JSON.parse(decoder.decode(source)) as JsonValue;
  return isObject(value) ? value : {};
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
