import { describe, expect, it } from 'vitest';
import { endpointRules } from '../../src/simulator/endpoints.ts';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import { makeEvents, serialIn, specOf } from '../../src/simulator/history.ts';
import { textOf } from '../../src/simulator/store.ts';

const fromMs = Date.UTC(2024, 4, 24, 11, 40);
const names = Object.keys(endpointRules) as EndpointName[];

describe('made events', () => {
  it.each(names)(
    'of %s are read back with the serial, time and id that the ledger holds',
    (name) => {
      for (const event of makeEvents(name, { count: 60, fromMs, stepMs: 777 })) {
        const text = textOf(event);
        const read = specOf(name, text);
        expect([read.serial, read.timeUs]).toEqual([event.serial, event.timeUs]);
        if (endpointRules[name].idField !== undefined) expect(read.id).toBe(event.id);
      }
    },
  );

  it('are not in the order of their ids', () => {
    const ids = makeEvents('auth', { count: 50, fromMs }).map((event) => event.id);
    expect(new Set(ids).size).toBe(50);
    expect([...ids].sort()).not.toEqual(ids);
    expect(ids[0]).not.toBe(makeEvents('activity', { count: 1, fromMs })[0]?.id);
  });

  it('stand at the times that are asked for, to the microsecond', () => {
    const at = (index: number): number => fromMs + index + 0.25;
    const events = makeEvents('auth', { count: 2, fromMs, at, firstSerial: 7, letter: 'b' });
    expect(events.map(({ serial, timeUs }) => [serial, timeUs])).toEqual([
      ['b00000007', fromMs * 1000 + 250],
      ['b00000008', (fromMs + 1) * 1000 + 250],
    ]);
  });

  it('of v1 logs stand at whole seconds and may have twins, the same to the byte', () => {
    const twin = (index: number): boolean => index === 1;
    const events = makeEvents('adminaction', { count: 3, fromMs: fromMs + 999, stepMs: 1, twin });
    expect(events.map((event) => event.timeUs)).toEqual(
      [0, 0, 1000].map((ms) => (fromMs + ms) * 1000),
    );
    const [first, second, third] = events.map(textOf);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('of logs with ids have no twins', () => {
    expect(() => makeEvents('auth', { count: 1, fromMs, twin: () => true })).toThrow(/twins/);
  });
});

describe('a row given as text', () => {
  it('is kept as it is and dated by its own time, with any fraction', () => {
    const text = '{"ts":"2024-05-24T11:40:00.5+00:00","activity_id":"a-1","n":1.0}';
    expect(specOf('activity', text)).toEqual({
      serial: 'a-1',
      id: 'a-1',
      timeUs: fromMs * 1000 + 500_000,
      text,
    });
    const zone = '{"ts":"2024-05-24T13:40:00+02:00"}';
    expect(specOf('activity', zone).timeUs).toBe(fromMs * 1000);
  });

  it('gets an id of its own when it has none, and is refused without a time', () => {
    const text = '{"timestamp":1716550800,"txid":""}';
    expect(specOf('auth', text).id).toMatch(/^[0-9a-f-]{36}$/);
    expect(() => specOf('auth', '{"isotimestamp":"soon"}')).toThrow(/without isotimestamp/);
  });
});

describe('a serial', () => {
  it('is found in a line of any format and not in ids', () => {
    expect(serialIn('CEF:0|a|b duser=u00000012 x')).toBe('u00000012');
    expect(serialIn('a0000000-0000-4000-8000-a00000000012 DU00000012')).toBeUndefined();
  });
});
