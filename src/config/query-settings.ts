import { isIP } from 'node:net';
import { z } from 'zod';
import type { Finding, Path } from './problem.ts';
import { textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

/** Of `dls_settings`: the query port. A part of schema.ts in a file of its own. */
export const query = {
  query_port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      "UDP port that answers Duo Watcher's monitor and `duologsync ding`; Duo Watcher has 2681. This machine may steer the program by it, others only ask how it is. When left out: none.",
    ),
  query_address: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The address of this machine on which the query port listens, such as 127.0.0.1. When left out: all, IPv4 and IPv6.',
    ),
};

/** A name would have to be looked up, at a moment when nothing may answer yet. */
export function queryFindings(root: YamlNode): Finding[] {
  const path: Path = ['dls_settings', 'query_address'];
  const address = textAt(root, path);
  if (address === undefined || address === '' || isIP(address) !== 0) return [];
  return [
    {
      severity: 'error',
      code: 'query_address',
      path,
      message: `${address} is no IP address`,
      fix: "Write an address of this machine, such as '127.0.0.1' or '::1'; leave it out for all.",
    },
  ];
}
