import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** What sinks need of the machine they run on; tests pass their own. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** The byte order in which the kernel prints addresses. */
  readonly littleEndian: boolean;
  /** All addresses of a name in the system's order; an IP address is its own. Never cached. */
  resolve(hostname: string): Promise<readonly Address[]>;
  readFile(path: string): Promise<Buffer>;
}

export const thisMachine: Machine = {
  platform: process.platform,
  littleEndian: endianness() === 'LE',
  resolve: (hostname) => lookup(hostname, { all: true, verbatim: true }),
  readFile: (path) => readFile(path),
};
