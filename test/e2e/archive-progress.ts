import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const newline = 0x0a;
const pieceBytes = 2 ** 20;

/** Counts the lines of an archive, or of other files of a folder, again and again, and reads only what has been added. */
export class ArchiveProgress {
  readonly #directory: string;
  readonly #namesIn: (directory: string) => Promise<readonly string[]>;
  readonly #files = new Map<string, { bytes: number; lines: number }>();

  constructor(directory: string, namesIn: typeof dayFiles = dayFiles) {
    this.#directory = directory;
    this.#namesIn = namesIn;
  }

  async lines(): Promise<number> {
    for (const name of await this.#namesIn(this.#directory)) {
      const path = join(this.#directory, name);
      const { size } = await stat(path);
      let known = this.#files.get(name);
      // Cut back: what it held is not known any more.
      if (known === undefined || size < known.bytes) known = { bytes: 0, lines: 0 };
      if (size > known.bytes) known.lines += await newlines(path, known.bytes, size);
      known.bytes = size;
      this.#files.set(name, known);
    }
    return [...this.#files.values()].reduce((sum, { lines }) => sum + lines, 0);
  }
}

/** The day files of an archive, below its directory. */
export async function dayFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.log')).sort();
}

/** A last line without its end is a line, too. */
export async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}

async function newlines(path: string, from: number, to: number): Promise<number> {
  const file = await open(path, 'r');
  const piece = Buffer.alloc(Math.min(pieceBytes, to - from));
  let found = 0;
  try {
    for (let at = from; at < to;) {
      const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, to - at), at);
      if (bytesRead === 0) break;
      const read = piece.subarray(0, bytesRead);
      for (let i = read.indexOf(newline); i >= 0; i = read.indexOf(newline, i + 1)) found += 1;
      at += bytesRead;
    }
    return found;
  } finally {
    await file.close();
  }
}
