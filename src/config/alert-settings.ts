import { z } from 'zod';
import { type EndpointName, endpoints } from '../endpoints/index.ts';
import type { Finding, Path } from './problem.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

const names = Object.keys(endpoints) as EndpointName[];

const hours = (name: string): z.ZodOptional<z.ZodNumber> =>
  z
    .number()
    .gt(0)
    .max(4_320)
    .optional()
    .describe(`Hours without an event of \`${name}\`; fractions are allowed. When left out: never.`)
    .meta({ example: 6 });

type Hours = Readonly<Record<EndpointName, z.ZodOptional<z.ZodNumber>>>;

/** Of `dls_settings`: what is told when it does not happen. A part of schema.ts in a file of its own. */
export const alerts = {
  alert_after: z
    .strictObject(Object.fromEntries(names.map((name) => [name, hours(name)])) as Hours)
    .prefault({})
    .describe(
      'After how many hours without a new event, of any account, a log counts as silent: `duologsync status`, the log and the metrics tell it. A log that cannot be read is not silent but in trouble.',
    ),
};

/** Of a server. */
export const heartbeat = {
  heartbeat_seconds: z
    .number()
    .min(10)
    .max(86_400)
    .optional()
    .describe(
      'All but FILE: how often, in seconds, an event of this program itself goes to the server, so that a rule there can say that nothing came. When left out: none.',
    ),
};

/** A log that nobody reads would never be told of. */
export function alertFindings(root: YamlNode): Finding[] {
  const mapped = new Set(mappedEndpoints(root));
  // Without a mapping that can be read, other findings tell what is wrong.
  if (mapped.size === 0) return [];
  return names.flatMap((name): Finding[] => {
    const path: Path = ['dls_settings', 'alert_after', name];
    const node = nodeAt(root, path);
    const isGiven = node?.kind === 'scalar' && typeof node.value === 'number';
    if (!isGiven || mapped.has(name)) return [];
    return [
      {
        severity: 'warning',
        code: 'alert_unmapped',
        path,
        message: `alert_after names ${name}, which goes to no server and is not read`,
        fix: `Add ${name} to a mapping in endpoint_server_mappings, or remove the line.`,
      },
    ];
  });
}

function mappedEndpoints(root: YamlNode): string[] {
  const mappings: Path = ['account', 'endpoint_server_mappings'];
  return itemsAt(root, mappings).flatMap((index) => {
    const list: Path = [...mappings, index, 'endpoints'];
    return itemsAt(root, list).flatMap((at) => textAt(root, [...list, at]) ?? []);
  });
}

function itemsAt(root: YamlNode, path: Path): number[] {
  const node = nodeAt(root, path);
  return node?.kind === 'list' ? [...node.items.keys()] : [];
}
