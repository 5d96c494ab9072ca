import { readFile } from 'node:fs/promises';
import type { Io } from './io.ts';

/**
 * The certificates of NODE_EXTRA_CA_CERTS. Node adds them to its own; a client with certificates of its
 * own must do so itself. An unreadable file is Node's to warn of.
 */
export async function extraCa(io: Io): Promise<string | undefined> {
  const file = io.env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return undefined;
  return readFile(file, 'utf8').catch(() => undefined);
}
