import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ArchiveFile, Disk, Entry } from '../../../src/sinks/file/disk.ts';
import { systemError } from '../../core/broken-file-system.ts';

/** How the power cut treats what was not synced: numbers from 0 up to 1. */
export type Luck = () => number;

interface Inode {
  readonly isFolder: boolean;
  bytes: Uint8Array;
  /** The contents since the last sync, the oldest first: any of them may be on the disk. */
  contents: Uint8Array[];
  /** A folder's names, and the same after each change since the last sync of the folder. */
  names: Map<string, Inode>;
  changes: Map<string, Inode>[];
}

const empty = new Uint8Array();
const inode = (isFolder: boolean): Inode => {
  const names = new Map<string, Inode>();
  return { isFolder, bytes: empty, contents: [empty], names, changes: [names] };
};

/**
 * Files in memory whose unsynced part a power cut may take away: of a file some state since its last sync is
 * left, cut anywhere when it has grown; of a folder the names as they were after some change since its last sync.
 */
export class PowerCutDisk implements Disk {
  readonly #root = inode(true);

  async open(path: string, flags: string | number): Promise<ArchiveFile> {
    const folder = this.#folder(dirname(path));
    const found = path === '/' ? this.#root : folder.names.get(basename(path));
    const creates =
      flags === 'wx' || (typeof flags === 'number' && (flags & constants.O_CREAT) !== 0);
    if (flags === 'wx' && found !== undefined) throw systemError('EEXIST', 'open');
    if (found === undefined && !creates) throw systemError('ENOENT', 'open');
    if (found?.isFolder === true && flags !== 'r') throw systemError('EISDIR', 'open');
    const node = found ?? inode(false);
    if (found === undefined) this.#change(folder, (names) => names.set(basename(path), node));
    return opened(node);
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.#file(path).bytes;
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.#folder(path).names.keys()];
  }

  async mkdir(path: string): Promise<void> {
    let at = this.#root;
    for (const name of path.split('/').filter((one) => one !== '')) {
      let next = at.names.get(name);
      if (next === undefined) {
        const made = inode(true);
        next = made;
        this.#change(at, (names) => names.set(name, made));
      }
      at = next;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const node = this.#file(from);
    // Both are in one folder here, and the two changes are one.
    this.#change(this.#folder(dirname(from)), (names) => {
      names.delete(basename(from));
      names.set(basename(to), node);
    });
  }

  async link(): Promise<void> {
    throw systemError('ENOTSUP', 'link');
  }

  async copyFile(): Promise<void> {
    throw systemError('ENOTSUP', 'copyFile');
  }

  async unlink(path: string): Promise<void> {
    this.#file(path);
    this.#change(this.#folder(dirname(path)), (names) => names.delete(basename(path)));
  }

  async lstat(path: string): Promise<Entry> {
    const node = path === '/' ? this.#root : this.#folder(dirname(path)).names.get(basename(path));
    if (node === undefined) throw systemError('ENOENT', 'lstat');
    return {
      size: node.bytes.length,
      isFile: () => !node.isFolder,
      isDirectory: () => node.isFolder,
    };
  }

  async access(path: string): Promise<void> {
    await this.lstat(path);
  }

  /** Every file with its text. */
  texts(folder = this.#root, path = ''): Map<string, string> {
    const found = new Map<string, string>();
    for (const [name, node] of folder.names) {
      if (!node.isFolder) found.set(`${path}/${name}`, Buffer.from(node.bytes).toString('utf8'));
      else for (const [inner, text] of this.texts(node, `${path}/${name}`)) found.set(inner, text);
    }
    return found;
  }

  cutPower(luck: Luck, folder = this.#root): void {
    folder.names = new Map(pick(folder.changes, luck));
    folder.changes = [new Map(folder.names)];
    for (const node of folder.names.values()) {
      if (node.isFolder) {
        this.cutPower(luck, node);
        continue;
      }
      const synced = node.contents[0] ?? empty;
      const left = pick(node.contents, luck);
      const grown = Math.max(0, left.length - synced.length);
      node.bytes = left.slice(0, left.length - Math.floor(luck() * (grown + 1)));
      node.contents = [node.bytes];
    }
  }

  #change(folder: Inode, how: (names: Map<string, Inode>) => void): void {
    folder.names = new Map(folder.names);
    how(folder.names);
    folder.changes.push(folder.names);
  }

  #folder(path: string): Inode {
    let at: Inode | undefined = this.#root;
    for (const name of path.split('/').filter((one) => one !== '')) {
      at = at?.names.get(name);
      if (at?.isFolder !== true) throw systemError(at === undefined ? 'ENOENT' : 'ENOTDIR', 'walk');
    }
    return at;
  }

  #file(path: string): Inode {
    const node = this.#folder(dirname(path)).names.get(basename(path));
    if (node === undefined) throw systemError('ENOENT', 'file');
    if (node.isFolder) throw systemError('EISDIR', 'file');
    return node;
  }
}

function opened(node: Inode): ArchiveFile {
  const put = (bytes: Uint8Array): void => {
    node.bytes = bytes;
    node.contents.push(bytes);
  };
  const sync = async (): Promise<void> => {
    if (node.isFolder) node.changes = [node.names];
    else node.contents = [node.bytes];
  };
  return {
    async write(bytes, offset, length = bytes.length - offset, position = node.bytes.length) {
      // A disk may take less than it is given.
      const part = bytes.subarray(offset, offset + Math.min(length, 100));
      const grown = new Uint8Array(Math.max(node.bytes.length, position + part.length));
      grown.set(node.bytes);
      grown.set(part, position);
      put(grown);
      return { bytesWritten: part.length };
    },
    read: async (bytes, offset, length, position) =>
      bytes.set(node.bytes.subarray(position, position + length), offset),
    stat: async () => ({ size: node.bytes.length }),
    truncate: async (length) => put(node.bytes.slice(0, length)),
    sync,
    datasync: sync,
    close: async () => undefined,
  };
}

function pick<T>(list: readonly T[], luck: Luck): T {
  const found = list[Math.min(list.length - 1, Math.floor(luck() * list.length))];
  if (found === undefined) throw new Error('nothing to pick');
  return found;
}
