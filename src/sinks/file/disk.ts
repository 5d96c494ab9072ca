import { constants } from 'node:fs';
import * as node from 'node:fs/promises';
import type { FileSystem, OpenFile } from '../../core/atomic-file.ts';

export interface ArchiveFile extends OpenFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length?: number,
    position?: number,
  ): Promise<{ readonly bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<unknown>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
}

export interface Entry {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** The calls that an archive is made of; tests pass their own to stop or fail at any of them. */
export interface Disk extends FileSystem {
  open(path: string, flags: string | number, mode?: number): Promise<ArchiveFile>;
  /** Of the entry itself: a link is neither a file nor a folder. */
  lstat(path: string): Promise<Entry>;
  access(path: string, mode: number): Promise<void>;
}

export const nodeDisk: Disk = node;

// Windows has no such flag; there only administrators can make links.
const { O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;

/**
 * For writing at a place that is known. Not for appending: on Windows such a file can not be cut back. Never
 * through a link, which may lead anywhere.
 */
export const existing = constants.O_RDWR | O_NOFOLLOW;
export const made = existing | constants.O_CREAT;
