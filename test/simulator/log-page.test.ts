import { describe, expect, it } from 'vitest';
import { logPage } from '../../src/simulator/log-page.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { endpointRules } from '../../src/simulator/endpoints.ts';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import type { DuoOptions } from '../../src/simulator/options.ts';
import { createWorld } from '../../src/simulator/world.ts';

const fromMs = Date.UTC(2024, 4, 24, 12);
const window: [string, string][] = [
  ['mintime', `${fromMs - 1000}`],
  ['maxtime', `${fromMs + 3_600_000}`],
  ['sort', 'ts:asc'],
];

/** The response to a page of that log with so many rows in it. */
function response(endpoint: EndpointName, count: number, options: DuoOptions = {}, limit = 2) {
  const world = createWorld({ nowMs: () => fromMs + 86_400_000, ...options });
  world.store('a', endpoint).add(makeEvents(endpoint, { count, fromMs }));
  const v2: [string, string][] = [...window, ['limit', `${limit}`]];
  const v1: [string, string][] = [['mintime', `${fromMs / 1000}`]];
  const pairs = endpointRules[endpoint].style === 'v1' ? v1 : v2;
  const { body } = logPage(endpoint, 'a', pairs, world, undefined, 1);
  const parsed = JSON.parse(body) as { stat: string; response: { metadata?: unknown } };
  expect(parsed.stat).toBe('OK');
  return parsed.response;
}

const metadata = (endpoint: EndpointName, count: number, options?: DuoOptions): unknown =>
  response(endpoint, count, options).metadata;

describe('the metadata of a page', () => {
  const uuid = '[0-9a-f]{8}-[0-9a-f-]{27}';

  it('holds the cursor of auth as a pair, of the others as one text, on the last page too', () => {
    expect(metadata('auth', 2)).toEqual({
      next_offset: [`${fromMs + 1000}`, expect.stringMatching(uuid) as string],
      total_objects: 2,
    });
    for (const endpoint of ['activity', 'telephony'] as const) {
      expect(metadata(endpoint, 3)).toEqual({
        next_offset: expect.stringMatching(`^${fromMs + 1000},${uuid}$`) as string,
        total_objects: 3,
      });
    }
  });

  it('says null on the last page where Duo is set so', () => {
    const options = { nextOffsetOnLastPage: false };
    expect(metadata('auth', 2, options)).toMatchObject({ next_offset: null });
    expect(metadata('auth', 3, options)).not.toMatchObject({ next_offset: null });
  });

  it('has no cursor on an empty page, spelled in each way that is known', () => {
    expect(metadata('auth', 0)).toEqual({ next_offset: null, total_objects: 0 });
    expect(metadata('activity', 0)).toEqual({ total_objects: 0 });
    const as = (emptyOffset: 'null' | 'no metadata'): unknown =>
      metadata('telephony', 0, { emptyOffset });
    expect(as('null')).toEqual({ next_offset: null, total_objects: 0 });
    expect(as('no metadata')).toBeUndefined();
  });

  it('counts as a number or as an object', () => {
    expect(metadata('activity', 1, { totals: 'object' })).toMatchObject({
      total_objects: { relation: 'eq', value: 1 },
    });
  });
});

describe('a v1 page', () => {
  it('is the list itself, 1,000 rows and sometimes a few more', () => {
    expect(response('adminaction', 1500)).toHaveLength(1000);
    expect(response('adminaction', 1500, { pageExtra: 3 })).toHaveLength(1003);
    expect(response('offline_enrollment', 2)).toHaveLength(2);
  });

  it('can be shuffled within its seconds without losing a row', () => {
    const list = response('adminaction', 500, { shuffledSeconds: true });
    expect(list).toHaveLength(500);
  });
});

describe('the text of an answer', () => {
  it('is good JSON with blanks, too', () => {
    expect(response('auth', 2, { spacedJson: true })).toEqual(response('auth', 2));
  });
});
