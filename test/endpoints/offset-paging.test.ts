import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/types.ts';
import {
  idOf,
  nextOffset,
  offsetParams,
  rowsOf,
  textOr,
} from '../../src/endpoints/offset-paging.ts';
import { answerOf, rowOf } from './answers.ts';

describe("Paging through Duo's v2 logs", () => {
  it('asks in milliseconds and oldest first, because Duo starts with the newest', () => {
    expect(offsetParams({ mintimeMs: 1771008980351.7, endMs: 1771009980000 })).toEqual({
      mintime: '1771008980351',
      maxtime: '1771009980000',
      limit: '1000',
      sort: 'ts:asc',
    });
  });

  it('keeps the window while it follows an offset', () => {
    expect(offsetParams({ mintimeMs: 1, endMs: 2, offset: '1,x' })).toMatchObject({
      mintime: '1',
      maxtime: '2',
      next_offset: '1,x',
    });
  });

  it.each<[JsonValue, string]>([
    [['1532951895000', 'af0ba235'], '1532951895000,af0ba235'],
    [[1532951895000, 'af0ba235'], '1532951895000,af0ba235'],
    ['1666714065304,5bf1a860', '1666714065304,5bf1a860'],
    ['1591014', '1591014'],
    [2, '2'],
  ])('goes on after the offset %j', (offset, expected) => {
    expect(nextOffset(answerOf({ items: [], metadata: { next_offset: offset } }))).toBe(expected);
  });

  it.each<[JsonValue]>([[null], [''], [[]], [['1532951895000', null]], [{}], [false]])(
    'is at its end at the offset %j',
    (offset) => {
      expect(
        nextOffset(answerOf({ items: [], metadata: { next_offset: offset } })),
      ).toBeUndefined();
    },
  );

  it('is at its end without an offset, whatever the totals look like', () => {
    expect(nextOffset(answerOf({ items: [] }))).toBeUndefined();
    expect(nextOffset(answerOf({ items: [], metadata: {} }))).toBeUndefined();
    const total = { total_objects: { relation: 'eq', value: 3 } };
    expect(nextOffset(answerOf({ items: [], metadata: total }))).toBeUndefined();
  });
});

describe('The rows of an answer', () => {
  it('are taken as they are, whatever they are', () => {
    const rows = rowsOf(answerOf({ items: [{ a: 1 }, 'text', null] }), 'items');
    expect(rows.map(({ source }) => new TextDecoder().decode(source))).toEqual([
      '{"a":1}',
      '"text"',
      'null',
    ]);
    expect(rows.map(({ body }) => body)).toEqual([{ a: 1 }, {}, {}]);
  });

  it.each<[JsonValue]>([
    [{}],
    [{ items: null }],
    [[]],
    [null],
    ['x'],
    [{ item: [] }],
    [{ items: ['text', 1, null] }],
  ])('are asked for again when the response is %j', (response) => {
    let error: unknown;
    try {
      rowsOf(answerOf(response), 'items');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ForwarderError);
    expect(error).toMatchObject({ code: 'duo_wrong_shape', remedy: 'retry', scope: 'source' });
    expect((error as ForwarderError).message).toContain('response.items');
    expect((error as ForwarderError).hint).toMatch(/asked again/);
  });

  it('have an id only when it is a text with something in it', () => {
    expect(idOf(rowOf({ txid: 'a' }), 'txid')).toBe('a');
    for (const row of [{}, { txid: '' }, { txid: null }, { txid: 7 }, { txid: ['a'] }]) {
      expect(idOf(rowOf(row), 'txid')).toBeUndefined();
    }
    expect(idOf(rowOf('txid'), 'txid')).toBeUndefined();
    expect(idOf(rowOf({}), 'constructor')).toBeUndefined();
  });

  it('have a name from a text only when there is one', () => {
    expect(textOr('a', 'b')).toBe('a');
    expect([textOr('', 'b'), textOr(null, 'b'), textOr(1, 'b'), textOr(undefined, 'b')]).toEqual([
      'b',
      'b',
      'b',
      'b',
    ]);
  });
});
