import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  canonicalParams,
  canonicalText,
  findVersion,
  xDuoHeadersHash,
} from '../../src/simulator/signature.ts';
import type { SignatureVersion } from '../../src/simulator/signature.ts';

interface Vector {
  readonly id: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly date: string;
  readonly skey: string;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly version: 2 | 5;
  readonly digest?: 'sha1' | 'sha512';
  readonly body?: string;
  readonly xDuoHeaders?: Readonly<Record<string, string>>;
  readonly canonical?: string;
  readonly expectedAuthorization: string;
}

interface Vectors {
  readonly signatures: readonly Vector[];
  readonly computed: readonly Vector[];
  readonly knownBadPublished: readonly (Omit<Vector, 'expectedAuthorization'> & {
    readonly publishedSignatureHex: string;
  })[];
  readonly canonicalParams: readonly {
    readonly id: string;
    readonly params: Vector['params'];
    readonly expected: string;
  }[];
  readonly xDuoHeaderHashes: readonly {
    readonly headers: Readonly<Record<string, string>>;
    readonly sha512: string;
  }[];
}

const file = new URL('../cases/duo/signature-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const all: readonly SignatureVersion[] = ['v2-sha1', 'v2-sha512', 'v5'];

function pairs(params: Vector['params']): [string, string][] {
  return Object.entries(params).flatMap(([key, values]) =>
    [values].flat().map((value): [string, string] => [key, value]),
  );
}

function parts(vector: Omit<Vector, 'expectedAuthorization'>) {
  const { date, method, host, path, params, body = '', xDuoHeaders = {} } = vector;
  return {
    ...{ date, method, host, path, pairs: pairs(params) },
    body: Buffer.from(body),
    xDuoHeaders: Object.entries(xDuoHeaders),
  };
}

function signatureIn(authorization: string): string {
  const text = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

describe('a signature', () => {
  it.each([...vectors.signatures, ...vectors.computed])('of Duo passes: $id', (vector) => {
    const expected = vector.version === 5 ? 'v5' : `v2-${vector.digest ?? 'sha512'}`;
    const signed = parts(vector);
    expect(findVersion(signatureIn(vector.expectedAuthorization), vector.skey, signed, all)).toBe(
      expected,
    );
    if (vector.canonical === undefined) return;
    expect(canonicalText(vector.version, signed)).toBe(vector.canonical);
  });

  it('that was published over a host in capitals is wrong', () => {
    for (const vector of vectors.knownBadPublished) {
      const hex = vector.publishedSignatureHex;
      expect(findVersion(hex, vector.skey, parts(vector), all)).toBeUndefined();
    }
  });

  it('is read in any case, and only in an accepted version', () => {
    const signed = { ...parts(vectors.signatures[0] as Vector), host: 'a' };
    const hex = createHmac('sha512', 'key').update(canonicalText(5, signed)).digest('hex');
    expect(findVersion(hex.toUpperCase(), 'key', signed, all)).toBe('v5');
    expect(findVersion(hex, 'key', signed, ['v2-sha1', 'v2-sha512'])).toBeUndefined();
    expect(findVersion('', 'key', signed, all)).toBeUndefined();
  });
});

describe('canonical parameters', () => {
  it.each(vectors.canonicalParams)('are spelled as Duo does: $id', ({ params, expected }) => {
    expect(canonicalParams(pairs(params))).toBe(expected);
  });

  it('do not depend on the order in which they are given', () => {
    const given = vectors.canonicalParams.map(({ params, expected }) => ({
      text: canonicalParams(pairs(params).reverse()),
      expected,
    }));
    for (const { text, expected } of given) expect(text).toBe(expected);
  });
});

describe('the hash of x-duo headers', () => {
  it.each(vectors.xDuoHeaderHashes)('is that of Duo: $headers', ({ headers, sha512 }) => {
    expect(xDuoHeadersHash(Object.entries(headers))).toBe(sha512);
    expect(xDuoHeadersHash(Object.entries(headers).reverse())).toBe(sha512);
  });
});
