import { z } from 'zod';
import type { Path } from './problem.ts';
import { configSchema } from './schema.ts';
import { valueOf } from './yaml-tree.ts';
import type { YamlNode, YamlValue } from './yaml-tree.ts';

type Schema = z.core.$ZodType;

export interface SettingMeta {
  readonly description?: string;
  readonly secret?: boolean;
  /** What a person could write; needed where there is no default. */
  readonly example?: string | number | readonly string[];
}

/** One key of the file. List items have the step `[]` in their path. */
export interface Setting {
  readonly path: readonly string[];
  readonly kind: 'section' | 'list of sections' | 'value';
  readonly required: boolean;
  readonly default: unknown;
  readonly meta: SettingMeta;
  readonly schema: Schema;
}

/** The schema behind `.optional()`, `.default()` and `.prefault()`. */
export function bare(schema: Schema): Schema {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  )
    inner = inner._zod.def.innerType;
  return inner;
}

export function defaultOf(schema: Schema): unknown {
  return schema instanceof z.ZodDefault ? schema._zod.def.defaultValue : undefined;
}

export function keysOf(schema: Schema | undefined): Readonly<Record<string, Schema>> | undefined {
  const inner = schema === undefined ? undefined : bare(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

export function itemsOf(schema: Schema): Schema | undefined {
  const inner = bare(schema);
  return inner instanceof z.ZodArray ? inner._zod.def.element : undefined;
}

/** The schema of the values of a setting whose keys the user chooses. */
export function valuesOf(schema: Schema): Schema | undefined {
  const inner = bare(schema);
  return inner instanceof z.ZodRecord ? inner._zod.def.valueType : undefined;
}

/** The schema at a path of the file; undefined where the path leads nowhere. */
export function schemaAt(path: Path): Schema | undefined {
  let schema: Schema | undefined = configSchema;
  for (const step of path) {
    if (schema === undefined) return undefined;
    if (typeof step === 'number') {
      schema = itemsOf(schema);
      continue;
    }
    const keys = keysOf(schema);
    const known = keys !== undefined && Object.hasOwn(keys, step) ? keys[step] : undefined;
    schema = known ?? valuesOf(schema);
  }
  return schema;
}

export function metaOf(schema: Schema | undefined): SettingMeta {
  return ((schema === undefined ? undefined : z.globalRegistry.get(schema)) ?? {}) as SettingMeta;
}

/** The words that the setting allows, when it allows only some. */
export function wordsOf(schema: Schema): readonly string[] | undefined {
  const inner = bare(schema);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String);
  return undefined;
}

/** The numbers that the setting allows, in words; undefined when it takes none. */
export function limitsOf(schema: Schema): string | undefined {
  const inner = bare(schema);
  if (inner instanceof z.ZodUnion) {
    const words = inner.options.map(
      (option) => limitsOf(option) ?? `'${wordsOf(option)?.[0] ?? ''}'`,
    );
    return words.join(' or ');
  }
  if (!(inner instanceof z.ZodNumber)) return undefined;
  const { type, minimum, maximum, exclusiveMinimum } = z.toJSONSchema(inner);
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (exclusiveMinimum !== undefined && maximum !== undefined)
    return `${kind} above ${exclusiveMinimum}, at most ${maximum}`;
  return minimum === undefined || maximum === undefined
    ? kind
    : `${kind} from ${minimum} to ${maximum}`;
}

/** Every key, sections before what is in them, in the order of the schema. */
export function allSettings(
  schema: Schema = configSchema,
  path: readonly string[] = [],
): Setting[] {
  const found: Setting[] = [];
  for (const [name, value] of Object.entries(keysOf(schema) ?? {})) {
    const here = [...path, name];
    const items = itemsOf(value);
    const rows = items !== undefined && keysOf(items) !== undefined;
    const kind = keysOf(value) !== undefined ? 'section' : rows ? 'list of sections' : 'value';
    const optional = [z.ZodOptional, z.ZodDefault, z.ZodPrefault];
    const required = !optional.some((kind) => value instanceof kind);
    found.push({
      path: here,
      kind,
      required,
      default: defaultOf(value),
      meta: metaOf(value),
      schema: value,
    });
    found.push(...allSettings(rows ? items : value, rows ? [...here, '[]'] : here));
  }
  return found;
}

/**
 * The file's values for the schema. A known key without a value counts as absent, as in DLS; an unknown
 * one stays, so that it is told. DLS takes anything as a blocked account: each item becomes its text.
 */
export function settingsValue(
  node: YamlNode | undefined,
  schema: Schema | undefined = configSchema,
  name = '',
): YamlValue | undefined {
  if (node === undefined) return undefined;
  const keys = keysOf(schema);
  if (node.kind === 'map' && keys !== undefined) {
    const pairs: [string, YamlValue | undefined][] = [];
    for (const [key, { value }] of node.entries) {
      const known = Object.hasOwn(keys, key);
      const absent = value.kind === 'scalar' && value.type === 'null';
      if (known && absent) continue;
      pairs.push([key, settingsValue(value, known ? keys[key] : undefined, key)]);
    }
    return Object.fromEntries(pairs) as YamlValue;
  }
  if (node.kind === 'list') {
    const items = schema === undefined ? undefined : itemsOf(schema);
    return node.items.map((item) => {
      if (name === 'block_list' && item.kind === 'scalar') return item.source;
      return settingsValue(item, items) as YamlValue;
    });
  }
  return valueOf(node);
}
