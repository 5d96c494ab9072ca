import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { readAnswer } from '../../src/core/json-bytes.ts';
import type { RowList } from '../../src/core/row-list.ts';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function texts(list: RowList | undefined): string[] | undefined {
  return list?.rows().map(({ source }) => new TextDecoder().decode(source));
}

function failure(text: string | Uint8Array): ForwarderError | undefined {
  try {
    readAnswer(typeof text === 'string' ? bytes(text) : text);
  } catch (error) {
    if (error instanceof ForwarderError) return error;
    throw error;
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("Duo's answer", () => {
  it('is cut into rows that share its memory', () => {
    const body = bytes(
      '{"stat": "OK", "response": {"authlogs": [ {"a": [1, {}]} ,{"b":"],"}], "metadata": {"next_offset": ["1", "x"]}}}',
    );
    const answer = readAnswer(body);
    expect(answer.stat).toBe('OK');
    expect(texts(answer.lists.get('authlogs'))).toEqual(['{"a": [1, {}]}', '{"b":"],"}']);
    expect(answer.lists.get('authlogs')?.rows()[0]?.source.buffer).toBe(body.buffer);
    expect(answer.metadata).toEqual({ next_offset: ['1', 'x'] });
    expect(answer.size).toBe(body.length);
  });

  it('gives the list that is the response itself under the empty key', () => {
    const answer = readAnswer(bytes('{"response": [1, "two", null], "stat": "OK"}'));
    expect([...answer.lists.keys()]).toEqual(['']);
    expect(texts(answer.lists.get(''))).toEqual(['1', '"two"', 'null']);
    expect(answer.metadata).toEqual({});
  });

  it('takes the metadata beside the response when there is none inside', () => {
    const outside = '"metadata": {"next_offset": "9"}';
    expect(readAnswer(bytes(`{${outside}, "response": {"items": []}}`)).metadata).toEqual({
      next_offset: '9',
    });
    expect(
      readAnswer(bytes(`{${outside}, "response": {"metadata": {}, "items": []}}`)).metadata,
    ).toEqual({});
    expect(readAnswer(bytes(`{${outside}, "response": {"metadata": null}}`)).metadata).toEqual({
      next_offset: '9',
    });
  });

  it('tells what a refusal says, with its code as a number or as text', () => {
    const refusal = '"stat": "FAIL", "message": "Invalid", "message_detail": "mintime"';
    expect(readAnswer(bytes(`{${refusal}, "code": 40002}`))).toMatchObject({
      stat: 'FAIL',
      code: 40002,
      message: 'Invalid',
      messageDetail: 'mintime',
    });
    expect(readAnswer(bytes(`{${refusal}, "code": "40002"}`)).code).toBe(40002);
    expect('code' in readAnswer(bytes(`{${refusal}, "code": ""}`))).toBe(false);
  });

  it('counts the last of repeated keys, as JSON.parse does', () => {
    const answer = readAnswer(
      bytes(
        '{"stat":"FAIL","response":{"items":[1]},"st\\u0061t":"OK","response":{"items":[2],"x":[3],"x":4}}',
      ),
    );
    expect(answer.stat).toBe('OK');
    expect(texts(answer.lists.get('items'))).toEqual(['2']);
    expect(answer.lists.has('x')).toBe(false);
  });

  it('keeps rows with bytes that are not UTF-8, so that one of them does not hold up the feed', () => {
    const body = bytes('{"response":["?"]}');
    body[body.indexOf(0x3f)] = 0xff;
    const [row] = readAnswer(body).lists.get('')?.rows() ?? [];
    expect([...(row?.source ?? [])]).toEqual([0x22, 0xff, 0x22]);
  });

  it('is refused with its position and without its text when it is not JSON', () => {
    const error = failure('{"stat":"OK","response":["secret" "x"]}');
    expect(error).toMatchObject({ code: 'duo_bad_json', remedy: 'retry', scope: 'source' });
    expect(error?.message).toBe('The answer is not valid JSON at byte 34 of 39.');
    expect(error?.hint).toMatch(/proxy/);
    expect(JSON.stringify([error?.message, error?.hint, String(error?.cause)])).not.toMatch(
      /secret/,
    );
  });

  it('is refused past 64 levels around its rows, at any size', () => {
    const nested = (levels: number): string =>
      `{"other":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(failure(nested(64))).toBeUndefined();
    expect(failure(nested(65))?.code).toBe('duo_too_deep');
    expect(failure('{"a":'.repeat(1_000_000))?.code).toBe('duo_too_deep');
  });

  it('may hold a row that is nested much deeper, so that it alone can be set aside', () => {
    const deep = `{"a":${'{"b":['.repeat(20_000)}${']}'.repeat(20_000)}}`;
    const { lists } = readAnswer(bytes(`{"response":{"items":[{"c":1},${deep},{"d":2}]}}`));
    expect(texts(lists.get('items'))).toEqual(['{"c":1}', deep, '{"d":2}']);
    const endless = failure(`{"response":[${'['.repeat(1_000_000)}`);
    expect(endless?.code).toBe('duo_too_deep');
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a" 1}',
    '{a:1}',
    '01',
    '-',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    'tru',
    'True',
    'NaN',
    'Infinity',
    '"\\x"',
    '"\\u12g4"',
    '"\\u123',
    '"a\nb"',
    '"a\u0000b"',
    '"a\u001fb"',
    '"a',
    '"\\',
    '{} {}',
    '[1] x',
    '\ufeff{}',
    '{"a":1}\u00a0',
    "{'a':1}",
    '[1 2]',
  ])('is refused as JSON.parse refuses it: %j', (text) => {
    expect(isJson(text)).toBe(false);
    expect(failure(text)?.code).toBe('duo_bad_json');
  });

  it('is accepted exactly when JSON.parse accepts it, however it was mutated', () => {
    const mutation = fc.record({
      at: fc.nat(),
      cut: fc.nat(2),
      put: fc.constantFrom(
        '',
        ' ',
        '"',
        '\\',
        ',',
        ':',
        '[',
        ']',
        '{',
        '}',
        '0',
        '-',
        '.',
        'e',
        'u',
        '\n',
        'é',
      ),
    });
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5 }),
        fc.array(mutation, { maxLength: 3 }),
        fc.boolean(),
        (json, mutations, inside) => {
          let text = inside ? `{"stat":"OK","response":{"items":[${json}]}}` : json;
          for (const { at, cut, put } of mutations) {
            const index = at % (text.length + 1);
            text = text.slice(0, index) + put + text.slice(index + cut);
          }
          expect(failure(text) === undefined).toBe(isJson(new TextDecoder().decode(bytes(text))));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('gives back every row as it was sent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json({ maxDepth: 4 })),
        fc.constantFrom('', ' ', '\n\t', '\r\n'),
        (rows, blank) => {
          const list = rows.map((row) => blank + row + blank).join(',');
          const answer = readAnswer(bytes(`{"response":{"items":${blank}[${list}${blank}]}}`));
          expect(texts(answer.lists.get('items'))).toEqual(rows);
        },
      ),
    );
  });
});
