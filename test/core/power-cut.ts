import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../../src/core/atomic-file.ts';
import { systemError } from './broken-file-system.ts';

/** What a disk keeps of a file when the power goes. */
interface Inode {
  bytes: Uint8Array;
  synced: Uint8Array;
}

type Names = Map<string, Inode>;

/** How the power cut treats what was not synced: numbers from 0 up to 1. */
export type Luck = () => number;

/**
 * Files in memory whose unsynced part a power cut may take away: of a file's new bytes all, some or none are
 * there afterwards, and of the names made, moved and deleted since the last sync of a folder only the first
 * ones (a journal keeps their order).
 */
export class PowerCutDisk implements FileSystem {
  #names: Names = new Map();
  #durable: Names = new Map();
  /** The state of the names after each change that is not on disk yet. */
  #journal: Names[] = [];
  readonly #folders = new Set<string>();

  async open(path: string, flags: string): Promise<OpenFile> {
    if (this.#folders.has(path)) return this.#folder();
    const found = this.#names.get(path);
    if (flags === 'wx' && found !== undefined) throw systemError('EEXIST', 'open');
    if (flags !== 'wx' && found === undefined) throw systemError('ENOENT', 'open');
    const inode: Inode = found ?? { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) };
    if (found === undefined) this.#change((names) => names.set(path, inode));
    return {
      write: async (bytes, offset) => {
        // A disk may take less than it is given.
        const part = bytes.subarray(offset, offset + 100);
        inode.bytes = Buffer.concat([inode.bytes, part]);
        return { bytesWritten: part.length };
      },
      stat: async () => ({ size: inode.bytes.length }),
      sync: async () => void (inode.synced = inode.bytes),
      close: async () => undefined,
    };
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.#inode(path, 'read').bytes;
  }

  async readdir(path: string): Promise<string[]> {
    if (!this.#folders.has(path)) throw systemError('ENOENT', 'readdir');
    return this.paths()
      .filter((one) => dirname(one) === path)
      .map((one) => basename(one));
  }

  async mkdir(path: string): Promise<void> {
    this.#folders.add(path);
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#inode(from, 'rename');
    // A rename between two names of one file does nothing (POSIX rename).
    if (this.#names.get(to) === inode) return;
    this.#change((names) => names.delete(from) && names.set(to, inode));
  }

  async link(existing: string, path: string): Promise<void> {
    const inode = this.#inode(existing, 'link');
    if (this.#names.has(path)) throw systemError('EEXIST', 'link');
    this.#change((names) => names.set(path, inode));
  }

  async copyFile(from: string, to: string): Promise<void> {
    const { bytes } = this.#inode(from, 'copyFile');
    this.#change((names) => names.set(to, { bytes, synced: Buffer.alloc(0) }));
  }

  async unlink(path: string): Promise<void> {
    this.#inode(path, 'unlink');
    this.#change((names) => names.delete(path));
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Changes a file as a bad disk would, past all syncs. */
  spoil(path: string, how: (bytes: Buffer) => Uint8Array): void {
    const bytes = how(Buffer.from(this.#inode(path, 'spoil').bytes));
    this.#change((names) => names.set(path, { bytes, synced: bytes }));
    this.#commit();
  }

  powerCut(luck: Luck): void {
    const states = [this.#durable, ...this.#journal];
    const names = states[Math.floor(luck() * states.length)] ?? this.#durable;
    for (const inode of new Set(names.values())) {
      const { bytes, synced } = inode;
      if (bytes !== synced) {
        const length = Math.floor(luck() * (bytes.length + 1));
        inode.bytes = luck() < 0.5 ? synced : bytes.subarray(0, Math.max(synced.length, length));
        inode.synced = inode.bytes;
      }
    }
    this.#names = new Map(names);
    this.#commit();
  }

  #folder(): OpenFile {
    return {
      write: async () => {
        throw systemError('EISDIR', 'write');
      },
      stat: async () => ({ size: 0 }),
      sync: async () => this.#commit(),
      close: async () => undefined,
    };
  }

  #change(act: (names: Names) => unknown): void {
    const names = new Map(this.#names);
    act(names);
    this.#names = names;
    this.#journal.push(names);
  }

  #commit(): void {
    this.#durable = new Map(this.#names);
    this.#journal = [];
  }

  #inode(path: string, call: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT', call);
    return inode;
  }
}
