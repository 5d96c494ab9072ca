import { lookup } from 'node:dns/promises';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
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
  /** `until`: a table of the kernel, read to its end or until this and a hundred bytes more have come. */
  readFile(path: string, until?: string): Promise<Buffer>;
}

const pieceBytes = 65_536;
/** So long the kernel's table is read in one go. */
const goMs = 5;

export const thisMachine: Machine = {
  seesTxQueue: process.platform === 'linux' && existsSync('/proc/self/net/tcp'),
  littleEndian: endianness() === 'LE',
  resolve: (hostname) => lookup(hostname, { all: true, verbatim: true }),
  readFile: (path, until) => (until === undefined ? readFile(path) : readTable(path, until)),
};

/**
 * The kernel makes the table up while it is read, a memory page at a time, and goes through all its places for
 * connections to do so: 8 ms with 262,144 of them (measured). No disk is waited for, and Node's thread
 * pool would cost more than each read itself.
 */
async function readTable(path: string, until: string): Promise<Buffer> {
  const file = openSync(path, 'r');
  try {
    let bytes = Buffer.allocUnsafe(pieceBytes);
    let length = 0;
    let goneMs = performance.now();
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, null);
      const seen = bytes
        .subarray(0, length + read)
        .indexOf(until, Math.max(0, length - until.length - 100));
      length += read;
      if (read === 0 || (seen >= 0 && seen + until.length + 100 <= length)) break;
      if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(length)]);
      if (performance.now() - goneMs < goMs) continue;
      await setImmediate();
      goneMs = performance.now();
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
