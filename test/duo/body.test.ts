import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/duo/body.ts';

const clean = (text: string): string => text;

function inPieces(bytes: Uint8Array, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size)
    pieces.push(Buffer.from(bytes.subarray(at, at + size)));
  return Readable.from(pieces);
}

describe('a body', () => {
  it('is read whole, however it is cut and packed', async () => {
    const encodings = fc.constantFrom(
      [undefined, (bytes: Uint8Array) => bytes],
      ['identity', (bytes: Uint8Array) => bytes],
      ['gzip', gzipSync],
      ['x-gzip', gzipSync],
      ['deflate', deflateSync],
      [' BR ', brotliCompressSync],
    ) as fc.Arbitrary<[string | undefined, (bytes: Uint8Array) => Uint8Array]>;
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 1, max: 100 }),
        encodings,
        async (bytes, size, [encoding, pack]) => {
          const body = await readBody(inPieces(pack(bytes), size), encoding, 500, clean);
          expect(Buffer.compare(body, bytes)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('may be as long as the limit and not a byte longer, and is let go then', async () => {
    expect(await readBody(inPieces(Buffer.alloc(100), 7), undefined, 100, clean)).toHaveLength(100);
    const source = inPieces(Buffer.alloc(100), 7);
    await expect(readBody(source, undefined, 99, clean)).rejects.toMatchObject({
      code: 'duo_body_too_large',
    });
    expect(source.destroyed).toBe(true);
  });

  it('in an unknown encoding is let go unread', async () => {
    const source = inPieces(Buffer.alloc(100), 7);
    await expect(readBody(source, 'zstd', 100, clean)).rejects.toMatchObject({
      code: 'duo_bad_encoding',
    });
    expect(source.destroyed).toBe(true);
  });
});
