import { createReadStream } from 'node:fs';

const newline = 0x0a;

/**
 * The lines of a file without their newlines, a piece of the file at a time, from a byte on. Returns the last
 * line if it has no newline: one that a crash tore, or that is being written. Throws the system's error.
 */
export async function* wholeLines(
  path: string,
  fromByte = 0,
): AsyncGenerator<Buffer, Buffer, undefined> {
  let rest: Buffer[] = [];
  const pieces = createReadStream(path, { start: fromByte }) as AsyncIterable<Buffer>;
  for await (const piece of pieces) {
    let start = 0;
    for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, start)) {
      const line = Buffer.concat([...rest, piece.subarray(start, at)]);
      rest = [];
      start = at + 1;
      yield line;
    }
    if (start < piece.length) rest.push(piece.subarray(start));
  }
  return Buffer.concat(rest);
}
