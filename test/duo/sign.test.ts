import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import {
  authorization,
  canonicalParams,
  canonicalText,
  duoHeadersHash,
  type Signable,
  type SignatureVersion,
} from '../../src/duo/sign.ts';

interface Vector {
  readonly id: string;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly date: string;
  readonly ikey: string;
  readonly skey: string;
  readonly version: number;
  readonly digest?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly xDuoHeaders?: Readonly<Record<string, string>>;
  readonly canonical?: string;
  readonly expectedAuthorization?: string;
  readonly publishedAuthorization?: string;
  readonly correctSignatureHex?: string;
}

interface Vectors {
  readonly signatures: readonly Vector[];
  readonly computed: readonly Vector[];
  readonly knownBadPublished: readonly Vector[];
  readonly canonicalParams: readonly {
    readonly id: string;
    readonly params: Readonly<Record<string, string | readonly string[]>>;
    readonly expected: string;
  }[];
  readonly xDuoHeaderHashes: readonly {
    readonly headers: Readonly<Record<string, string>>;
    readonly sha512: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../cases/duo/signature-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

function versionOf(vector: Vector): SignatureVersion {
  if (vector.version === 5) return 'v5';
  return vector.digest === 'sha1' ? 'v2-sha1' : 'v2';
}

function signableOf(vector: Vector): Signable {
  return {
    date: vector.date,
    method: vector.method,
    host: vector.host,
    path: vector.path,
    params: canonicalParams(Object.entries(vector.params)),
    body: vector.body ?? '',
    duoHeaders: vector.xDuoHeaders ?? {},
  };
}

function sign(vector: Vector): string {
  return authorization(versionOf(vector), vector.ikey, new Secret(vector.skey), signableOf(vector));
}

describe('a signature', () => {
  it.each(vectors.signatures)('is the one that Duo clients publish: $id', (vector) => {
    expect(sign(vector)).toBe(vector.expectedAuthorization);
  });

  it.each(vectors.computed)('is right for the requests that we make: $id', (vector) => {
    expect(canonicalText(versionOf(vector), signableOf(vector))).toBe(vector.canonical);
    expect(sign(vector)).toBe(vector.expectedAuthorization);
  });

  it.each(vectors.knownBadPublished)(
    'lower-cases the host where Duo’s manual forgot to: $id',
    (vector) => {
      expect(sign(vector)).not.toBe(vector.publishedAuthorization);
      const decoded = Buffer.from(sign(vector).slice('Basic '.length), 'base64').toString();
      expect(decoded).toBe(`${vector.ikey}:${vector.correctSignatureHex ?? ''}`);
    },
  );
});

describe('the parameters', () => {
  it.each(vectors.canonicalParams)(
    'are written as Duo writes them: $id',
    ({ params, expected }) => {
      const pairs = Object.entries(params).flatMap(([name, value]) =>
        typeof value === 'string'
          ? [[name, value] as const]
          : value.map((one) => [name, one] as const),
      );
      expect(canonicalParams(pairs)).toBe(expected);
    },
  );

  it('are read back by any server as what was meant, and do not depend on the order given', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.dictionary(text, text), (params) => {
        const pairs = Object.entries(params);
        const canonical = canonicalParams(pairs);
        expect(canonical).toMatch(/^[A-Za-z0-9_.~%&=-]*$/);
        expect(canonicalParams(pairs.reverse())).toBe(canonical);
        const read = new URLSearchParams(canonical);
        for (const [name, value] of pairs) if (name !== '') expect(read.get(name)).toBe(value);
      }),
    );
  });

  it('survive text that is not well-formed', () => {
    expect(canonicalParams([['a', '\ud800']])).toBe('a=%EF%BF%BD');
  });
});

describe('the hash of the x-duo headers', () => {
  it.each(vectors.xDuoHeaderHashes)('is the one that Duo clients publish: $sha512', (vector) => {
    expect(duoHeadersHash(vector.headers)).toBe(vector.sha512);
  });
});
