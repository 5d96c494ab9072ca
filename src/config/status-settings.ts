import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from '../core/loopback.ts';
import type { Secret } from '../core/secret.ts';
import type { Finding, Path } from './problem.ts';
import { secretSources } from './secrets.ts';
import { nodeAt, textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

const text = z.string().min(1);

/** Of `dls_settings`: the status page, metrics and health. A part of schema.ts in a file of its own. */
export const statusPort = {
  status_port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      'TCP port (HTTP) with the status page, `/metrics` for Prometheus, `/healthz`, `/readyz` and `/api/v1/status`. It only shows, nothing can be changed by it. When left out: none.',
    ),
  status_address: text
    .default('127.0.0.1')
    .describe(
      'The address of this machine on which the status port listens; any but a loopback one needs `status_token`.',
    ),
  status_hosts: z
    .array(text)
    .default([])
    .describe(
      'Names by which a browser or a proxy may ask the status port, besides localhost and 127.0.0.1. With `status_token` every name may be used.',
    ),
  status_account_label: z
    .boolean()
    .default(true)
    .describe(
      'Whether metrics have labels for the account. `false`: one series for all child accounts together.',
    ),
};

const leastTokenLength = 16;
const dlsSettings = 'dls_settings';

/** A name would have to be looked up, at a moment when nothing may answer yet; and who may see what. */
export function statusFindings(root: YamlNode): Finding[] {
  const path: Path = [dlsSettings, 'status_address'];
  const address = textAt(root, path);
  if (address === undefined || address === '') return [];
  if (isIP(address) === 0) {
    return [
      {
        severity: 'error',
        code: 'status_address',
        path,
        message: `${address} is no IP address`,
        fix: "Write an address of this machine, such as '127.0.0.1', or '0.0.0.0' for all.",
      },
    ];
  }
  if (isLoopback(address) || tokenPath(root) !== undefined) return [];
  return [
    {
      severity: 'error',
      code: 'status_token_missing',
      path,
      message: `at ${address} everybody in the network could see the names of accounts and servers`,
      fix: 'Add status_token_file with the path of a file that holds a long random word, or use 127.0.0.1.',
    },
  ];
}

/** Wherever the token comes from, it must not be one that can be tried out. */
export function tokenFindings(root: YamlNode | undefined, token: Secret | undefined): Finding[] {
  const length = token?.reveal().length ?? leastTokenLength;
  const path = root === undefined ? undefined : tokenPath(root);
  if (length >= leastTokenLength || path === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'status_token_short',
      path,
      message: `the token of the status port has ${length} characters, which can be guessed`,
      fix: `Make it at least ${leastTokenLength} random characters long.`,
    },
  ];
}

function tokenPath(root: YamlNode): Path | undefined {
  return secretSources
    .map((source): Path => [dlsSettings, `status_token${source}`])
    .find((path) => textAt(root, path) !== undefined || nodeAt(root, path)?.kind === 'list');
}
