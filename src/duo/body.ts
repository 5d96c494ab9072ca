import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib';
import { failure } from './failures.ts';
import type { Clean } from './wire-text.ts';

/**
 * Reads a body to its end, at most `maxBytes` after decoding (a gzip bomb is a thousand times its
 * size on the wire). No encoding is asked for; some proxies compress all the same.
 * Throws `duo_body_too_large`, `duo_bad_encoding`, or the stream's own error.
 */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  maxBytes: number,
  clean: Clean,
): Promise<Uint8Array> {
  const stream = decoded(body, encoding?.trim().toLowerCase() ?? '', clean);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw failure('duo_body_too_large', `Duo’s host sent more than ${maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } finally {
    body.on('error', () => undefined).destroy();
  }
  return Buffer.concat(chunks, size);
}

function decoded(body: Readable, encoding: string, clean: Clean): Readable {
  if (encoding === '' || encoding === 'identity') return body;
  const decoder = decoderOf(encoding);
  if (decoder === undefined) {
    body.on('error', () => undefined).destroy();
    throw failure('duo_bad_encoding', `Duo’s host sent an answer encoded as "${clean(encoding)}"`);
  }
  // pipe() forgets the source's error, and the decoder would wait for ever.
  body.on('error', (error) => decoder.destroy(error));
  return body.pipe(decoder);
}

function decoderOf(encoding: string): (Readable & NodeJS.WritableStream & Zlib) | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}
