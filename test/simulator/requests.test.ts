import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointRules } from '../../src/simulator/endpoints.ts';
import { Refusal } from '../../src/simulator/refusal.ts';
import { decodePairs, sinceSeconds, windowQuery } from '../../src/simulator/requests.ts';

const nowMs = Date.UTC(2024, 5, 1, 12);
const dayMs = 86_400_000;
const window = { mintime: `${nowMs - dayMs}`, maxtime: `${nowMs}` };

/** `code detail` of the refusal, or the query. */
function ask(params: Readonly<Record<string, string>>, repeated = true) {
  try {
    return windowQuery(Object.entries(params), endpointRules.auth, nowMs, repeated);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code} ${error.detail}`;
  }
}

describe('a v2 window', () => {
  it('is taken with the defaults of the documentation', () => {
    expect(ask(window)).toEqual({
      mintimeMs: nowMs - dayMs,
      maxtimeMs: nowMs,
      limit: 100,
      ascending: false,
      after: undefined,
    });
  });

  it.each([
    [{ maxtime: `${nowMs}` }, '40001 mintime'],
    [{ mintime: `${nowMs - dayMs}` }, '40001 maxtime'],
    [{ ...window, mintime: '1716534000' }, "40002 'mintime' must be a timestamp in milliseconds"],
    [{ ...window, maxtime: '1716534000' }, "40002 'maxtime' must be a timestamp in milliseconds"],
    [
      { ...window, mintime: `${nowMs - 180 * dayMs - 1}` },
      '40002 mintime must be within the past 180 days',
    ],
    [{ mintime: `${nowMs}`, maxtime: `${nowMs}` }, '40002 maxtime'],
    [{ ...window, sort: 'asc' }, '40002 sort'],
    [{ ...window, limit: '0' }, '40002 limit'],
    [{ ...window, limit: '1e3' }, '40002 limit'],
    [{ ...window, next_offset: 'abc' }, '40002 next_offset'],
    [{ ...window, next_offset: '1716534000,id' }, '40002 next_offset'],
    [{ ...window, next_offset: `${nowMs}` }, '40002 next_offset'],
  ])('is refused as Duo refuses it: %j', (params, refusal) => {
    expect(ask(params)).toBe(refusal);
  });

  it('may begin exactly 180 days ago', () => {
    expect(ask({ ...window, mintime: `${nowMs - 180 * dayMs}` })).toMatchObject({ limit: 100 });
  });

  it('is clamped to 1,000 rows and ignores unknown names', () => {
    const query = ask({ ...window, limit: '5000', offset: '7', sort: 'ts:asc' });
    expect(query).toMatchObject({ limit: 1000, ascending: true, after: undefined });
  });

  it('takes a cursor as one value, as two only where that is allowed', () => {
    const one = [...Object.entries(window), ['next_offset', '1716534000000,a-1'] as const];
    const two = [
      ...Object.entries(window),
      ['next_offset', '1716534000000'] as const,
      ['next_offset', 'a-1'] as const,
    ];
    const after = { ms: 1716534000000, id: 'a-1' };
    expect(windowQuery(one, endpointRules.activity, nowMs, false)).toMatchObject({ after });
    expect(windowQuery(two, endpointRules.auth, nowMs, true)).toMatchObject({ after });
    expect(() => windowQuery(two, endpointRules.activity, nowMs, false)).toThrow(Refusal);
  });
});

describe('a v1 mintime', () => {
  it('is seconds, 0 when absent, and refused when it is no number', () => {
    expect(sinceSeconds([['mintime', '1716534000']])).toBe(1716534000);
    expect(sinceSeconds([['limit', '5']])).toBe(0);
    expect(() => sinceSeconds([['mintime', 'yesterday']])).toThrow(Refusal);
  });
});

describe('a query', () => {
  it('is decoded to what URLSearchParams encodes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect(decodePairs(new URLSearchParams(pairs).toString())).toEqual(pairs);
      }),
    );
  });

  it('with a broken escape is a bad request', () => {
    expect(() => decodePairs('a=%E4%A')).toThrow(Refusal);
  });
});
