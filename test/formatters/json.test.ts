import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/core/types.ts';
import { endpoints, type EndpointName } from '../../src/endpoints/index.ts';
import type { FormatOptions } from '../../src/formatters/formatter.ts';
import { json } from '../../src/formatters/json.ts';
import { account, casesOf, child, eventOf, options, origin, textOf } from './events.ts';

interface Golden {
  readonly case: string;
  readonly event_json_text: string;
  readonly python_default: string;
}

function lineOf(
  name: EndpointName,
  row: string,
  from: Account = account,
  changed: Partial<FormatOptions> = {},
): string {
  const formatter = json.create({ ...options, ...changed });
  return textOf(
    formatter.format(eventOf(row), { ...origin, account: from }, endpoints[name].profile),
  );
}

const host = '"host": "api-xxxxxxxx.duosecurity.com"';
const goldens = casesOf<Golden>('json-golden.jsonl').map((golden) => {
  const [endpoint = '', event = '', what = ''] = golden.case.split(': ');
  return { ...golden, endpoint, event, what };
});

describe('A JSON line', () => {
  it.each<[EndpointName, string]>([
    ['auth', `{"a": 1, "eventtype": "authentication", ${host}}`],
    ['adminaction', `{"a": 1, "eventtype": "administrator", ${host}}`],
    ['telephony', '{"a": 1}'],
    ['activity', '{"a": 1}'],
  ])('of %s has the keys that DLS adds for a single account', (name, expected) => {
    expect(lineOf(name, '{"a":1}')).toBe(expected);
  });

  it.each(Object.keys(endpoints) as EndpointName[])(
    'of %s has only the id of a child account',
    (name) => {
      expect(lineOf(name, '{"a":1}', child)).toBe(
        '{"a": 1, "child_account_id": "DA1234567890ABCDEFGH"}',
      );
    },
  );

  it('has all labels everywhere when asked to', () => {
    expect(lineOf('telephony', '{}', account, { jsonAdd: 'labels' })).toBe(
      `{"eventtype": "telephony", ${host}}`,
    );
    expect(lineOf('activity', '{}', child, { jsonAdd: 'labels' })).toBe(
      '{"eventtype": "activity", "host": "api-child.duosecurity.com", "child_account_id": "DA1234567890ABCDEFGH"}',
    );
  });

  it.each(
    goldens.filter(({ endpoint, what }) => endpoint in endpoints && what.includes('appended last')),
  )('with all labels equals the recorded one: $endpoint, $event', (golden) => {
    const plain = goldens.find(
      ({ endpoint, event }) => endpoint === golden.endpoint && event === golden.event,
    );
    const from = { ...child, apiHost: account.apiHost };
    const name = golden.endpoint as EndpointName;
    expect(lineOf(name, plain?.event_json_text ?? '', from, { jsonAdd: 'labels' })).toBe(
      golden.python_default,
    );
  });

  it('names the host without its port, as DLS does', () => {
    expect(lineOf('auth', '{}', { ...account, apiHost: 'localhost:8443' })).toBe(
      '{"eventtype": "authentication", "host": "localhost"}',
    );
  });

  it('never overwrites nor repeats a key that Duo sent', () => {
    expect(lineOf('auth', '{"host":"duo","x":1}')).toBe(
      '{"host": "duo", "x": 1, "eventtype": "authentication"}',
    );
    expect(lineOf('auth', '{"child_account_id":null}', child)).toBe('{"child_account_id": null}');
  });

  it('is compact when asked to, with the same text inside', () => {
    expect(lineOf('auth', '{"a": [1, "é: ,"]}', account, { jsonStyle: 'compact' })).toBe(
      '{"a":[1,"\\u00e9: ,"],"eventtype":"authentication","host":"api-xxxxxxxx.duosecurity.com"}',
    );
  });

  it('passes on a row that is no object as it is', () => {
    expect(lineOf('auth', '"text"')).toBe('"text"');
    expect(lineOf('auth', '[\n1,\n2\n]', child)).toBe('[1, 2]');
    expect(lineOf('auth', 'null')).toBe('null');
  });

  it('does not parse the row', () => {
    const source = new TextEncoder().encode('{"a":1}');
    const event = {
      id: 'id',
      timeMs: 0,
      source,
      get body(): never {
        throw new Error('parsed');
      },
    };
    const line = json.create(options).format(event, origin, endpoints.activity.profile);
    expect(textOf(line)).toBe('{"a": 1}');
  });
});
