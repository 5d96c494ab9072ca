import { expect, it } from 'vitest';
import { readAnswer } from '../../src/core/json-bytes.ts';
import { v1Log } from '../../src/endpoints/v1-log.ts';

const rows = '[{"timestamp":1767400001,"isotimestamp":"2026-01-03T00:26:40+00:00"},{"a":1}]';
const answer = readAnswer(new TextEncoder().encode(`{"stat":"OK","response":${rows}}`));

it('asks in whole seconds, from the begin of the second, and for no end', () => {
  expect(v1Log.params({ mintimeMs: 1_767_400_001_999, endMs: 0, offset: 'x' })).toEqual({
    mintime: '1767400001',
  });
});

it("reads a row's time where Duo compares it, and takes a row without one as it is", () => {
  const [timed, bare] = v1Log.rows(answer);
  expect(timed && v1Log.timeMs(timed)).toBe(1_767_400_001_000);
  expect(bare && v1Log.timeMs(bare)).toBeUndefined();
});

it('knows neither ids, nor offsets, nor totals', () => {
  const given = readAnswer(
    new TextEncoder().encode(
      '{"stat":"OK","response":[],"metadata":{"next_offset":"1","total_objects":3}}',
    ),
  );
  expect([v1Log.id(), v1Log.offset(), v1Log.total()]).toEqual([undefined, undefined, undefined]);
  expect(v1Log.rows(given)).toEqual([]);
});
