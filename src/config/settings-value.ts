import { itemsOf, keysOf } from './schema-tree.ts';
import { configSchema } from './schema.ts';
import { valueOf } from './yaml-tree.ts';
import type { YamlNode, YamlValue } from './yaml-tree.ts';

type Schema = Parameters<typeof keysOf>[0];

/**
 * The file's values for the schema. A known key without a value counts as absent, as in DLS; an unknown
 * one stays, so that it is told. DLS takes anything as a blocked account: each item becomes its text.
 */
export function settingsValue(
  node: YamlNode | undefined,
  schema: Schema = configSchema,
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
