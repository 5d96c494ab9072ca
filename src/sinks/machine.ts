import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** What sinks need of the machine they run on; tests pass their own. */
export interface Machine {
  /** Whether it tells how much of a connection the peer has not taken: Linux with /proc. */
  readonly seesTxQueue: boolean;
  /** The byte order in which the kernel prints addresses. */
  readonly littleEndian: boolean;
  /** All addresses of a name in the system's order; an IP address is its own. Never cached. */
  resolve(hostname: string): Promise<readonly Address[]>;
  readFile(path: string): Promise<Buffer>;
}

export const thisMachine: Machine = {
  seesTxQueue: process.platform === 'linux' && existsSync('/proc/self/net/tcp'),
  littleEndian: endianness() === 'LE',
  resolve: (hostname) => lookup(hostname, { all: true, verbatim: true }),
  readFile: (path) => readFile(path),
};
