import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account, EventProfile, JsonObject, JsonValue } from '../../src/core/types.ts';
import { endpoints, type EndpointName } from '../../src/endpoints/index.ts';
import { cef } from '../../src/formatters/cef.ts';
import type { FormatOptions } from '../../src/formatters/formatter.ts';
import { parseCef } from './cef-parser.ts';
import { anything, intended, nasty, put } from './cef-rows.ts';
import { account, casesOf, child, eventOf, options, origin, textOf } from './events.ts';

interface Golden {
  readonly endpoint: EndpointName;
  readonly case: string;
  readonly event: JsonObject;
  readonly expected: string;
}

interface Key {
  readonly type: string;
  readonly length: number;
  readonly audience: string;
}

const names = Object.keys(endpoints) as EndpointName[];

function lineOf(
  name: EndpointName,
  event: JsonValue,
  changed: Partial<FormatOptions> = {},
  from: Account = account,
): string {
  const formatter = cef.create({ ...options, cefProfile: 'improved', ...changed });
  const { profile } = endpoints[name];
  return textOf(
    formatter.format(eventOf(JSON.stringify(event)), { ...origin, account: from }, profile),
  );
}

function pairsOf(name: EndpointName, event: JsonValue, from?: Account): Record<string, string> {
  return Object.fromEntries(parseCef(lineOf(name, event, {}, from)).pairs);
}

function dictionary(): ReadonlyMap<string, Key> {
  const url = new URL('../cases/formats/cef-dictionary.tsv', import.meta.url);
  const [, ...rows] = readFileSync(url, 'utf8').trimEnd().split('\n');
  return new Map(
    rows.map((row) => {
      const [key = '', type = '', length = '', audience = ''] = row.split('\t');
      return [key, { type, length: length === '' ? Infinity : Number(length), audience }];
    }),
  );
}

function rowsOf(file: string): JsonObject[] {
  const url = new URL(`../cases/formats/synthetic/${file}`, import.meta.url);
  return readFileSync(url, 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row) as JsonObject);
}

/** Keys and longest values of meanings that are plain text (CEF dictionary). */
const texts: Readonly<Record<string, readonly [string, number]>> = {
  action: ['act', 63],
  outcome: ['outcome', 63],
  reason: ['reason', 1023],
  eventId: ['externalId', 40],
  actor: ['suser', 1023],
  actorId: ['suid', 1023],
  actorKind: ['spriv', 1023],
  user: ['duser', 1023],
  userId: ['duid', 1023],
  application: ['destinationServiceName', 1023],
  clientSoftware: ['requestClientApplication', 1023],
  link: ['request', 1023],
  message: ['msg', 1023],
};

const synthetic: readonly (readonly [EndpointName, string])[] = [
  ['auth', 'auth-factors-reasons.jsonl'],
  ['auth', 'auth-edge.jsonl'],
  ['activity', 'activity-actions.jsonl'],
  ['adminaction', 'administrator-actions.jsonl'],
  ['telephony', 'telephony-edge.jsonl'],
  ['trustmonitor', 'trustmonitor-edge.jsonl'],
  ['offline_enrollment', 'offline-enrollment-edge.jsonl'],
];

describe('The improved CEF profile', () => {
  it.each(casesOf<Golden>('cef-improved-golden.jsonl'))(
    'is the expected line: $endpoint, $case',
    ({ endpoint, event, expected }) => {
      expect(lineOf(endpoint, event)).toBe(`Feb 03 08:06:20 fwd01 ${expected}`);
      if (endpoint === 'trustmonitor') {
        expect(lineOf(endpoint, event, { cefProfile: 'compat' })).toContain(expected);
      }
    },
  );

  it.each(synthetic)('keeps the standard with every row of %s from %s', (name, file) => {
    const keys = dictionary();
    for (const row of rowsOf(file)) expectStandard(lineOf(name, row), keys);
  });

  it('keeps the standard, whatever is inside the event', () => {
    const keys = dictionary();
    const chosen = fc.constantFrom(...names);
    fc.assert(
      fc.property(
        chosen.chain((n) => fc.tuple(fc.constant(n), rowFor(endpoints[n].profile))),
        ([name, row]) => expectStandard(lineOf(name, row), keys),
      ),
      { numRuns: 1500 },
    );
  });

  it('gives back each fact as it was meant, whatever is inside the event', () => {
    const chosen = fc.constantFrom(...names);
    fc.assert(
      fc.property(
        chosen.chain((n) => fc.tuple(fc.constant(n), rowFor(endpoints[n].profile))),
        ([name, row]) => {
          const { pairs } = parseCef(lineOf(name, row));
          for (const { means, read } of endpoints[name].profile.facts) {
            const [key, limit] =
              typeof means === 'string' ? (texts[means] ?? []) : [`cs${means.slot}`, 4000];
            if (key === undefined || limit === undefined) continue;
            if (typeof means === 'object' && means.holds !== 'text') continue;
            expect(pairs.get(key) ?? '').toBe(intended(read(row), limit));
            if (typeof means === 'object' && pairs.has(key)) {
              expect(pairs.get(`${key}Label`)).toBe(means.label);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each(synthetic)('says all that the compat profile says of %s from %s', (name, file) => {
    // What it says in another way: exact times, a normal outcome, typed addresses, the device as source.
    const moved = new Set(['rt', 'outcome', 'src', 'dhost', 'cs2', 'cs2Label']);
    for (const row of rowsOf(file)) {
      const improved = parseCef(lineOf(name, row)).pairs;
      const compat = parseCef(lineOf(name, row, { cefProfile: 'compat' })).pairs;
      for (const [key, value] of compat) {
        if (!(name === 'auth' && moved.has(key)) && !['rt', 'src', 'outcome'].includes(key)) {
          expect(improved.get(key)).toBe(value);
        }
      }
      expect(improved.get('shost') ?? 'null').toBe(
        compat.get('dhost') ?? improved.get('shost') ?? 'null',
      );
    }
  });

  it('writes an IPv6 source in its own key, and ports in theirs', () => {
    const source = (ip: JsonValue): Record<string, string> => {
      const { cat: _, dvchost: __, ...pairs } = pairsOf('auth', { access_device: { ip } });
      return pairs;
    };
    const label = { c6a2Label: 'Source IPv6 Address' };
    expect(source('198.51.100.7:55123')).toEqual({ src: '198.51.100.7', spt: '55123' });
    expect(source('[2001:db8::5]:443')).toEqual({ ...label, c6a2: '2001:db8::5', spt: '443' });
    expect(source('2001:db8::5')).toEqual({ ...label, c6a2: '2001:db8::5' });
    expect(source('::ffff:198.51.100.7')).toEqual({ src: '198.51.100.7' });
    expect(source('198.51.100.7:99999')).toEqual({ src: '198.51.100.7' });
    expect(source('somewhere')).toEqual({ shost: 'somewhere' });
    expect(source({ address: '198.51.100.8' })).toEqual({ src: '198.51.100.8' });
  });

  it('prefers the name of a device over an address that is none', () => {
    const access_device = { ip: 'somewhere', hostname: 'laptop' };
    expect(pairsOf('auth', { access_device })['shost']).toBe('laptop');
    expect(pairsOf('auth', { access_device: { hostname: 'null' } })['shost']).toBeUndefined();
  });

  it('names the account: the host without its port, the child, and for activity the key', () => {
    const local = { ...account, apiHost: 'localhost:8443' };
    expect(pairsOf('auth', {}, local)['dvchost']).toBe('localhost');
    expect(pairsOf('auth', {}, child)['deviceExternalId']).toBe(child.id);
    expect(pairsOf('auth', {})['deviceExternalId']).toBeUndefined();
    expect(pairsOf('activity', { akey: 'DA1' })['deviceExternalId']).toBe('DA1');
    expect(pairsOf('activity', { akey: 'DA1' }, child)['deviceExternalId']).toBe(child.id);
  });

  it('takes numbers and yes or no for numbers, and leaves out what is neither', () => {
    const event = { priority_event: true, from_new_user: 'unknown', triaged_as_interesting: false };
    expect(pairsOf('trustmonitor', event)).toMatchObject({
      cn1Label: 'priority_event',
      cn1: '1',
      cn3: '0',
    });
    expect(pairsOf('trustmonitor', event)['cn2']).toBeUndefined();
    expect(pairsOf('trustmonitor', event)['cn2Label']).toBeUndefined();
    expect(pairsOf('telephony', { credits: 1.5 })['cn1']).toBeUndefined();
  });

  it('knows an offline enrolment by its action, its device by the description', () => {
    const description =
      '{"user_agent": "Provider/4.2 (Windows)", "hostname": "pc-1", "factor": "duo_otp"}';
    const event = {
      action: 'o2fa_user_provisioned',
      description,
      isotimestamp: '2024-05-24T12:00:00+00:00',
      object: 'Windows logon',
      timestamp: 1716552000,
      username: 'ada',
    };
    const line = lineOf('offline_enrollment', event, { cefProfile: 'compat' });
    expect(line).toContain('|offline.o2fa_user_provisioned|Duo o2fa user provisioned|4|rt=');
    expect(pairsOf('offline_enrollment', event)).toEqual({
      rt: '1716552000000',
      cat: 'offline_enrollment',
      dvchost: account.apiHost,
      act: 'o2fa_user_provisioned',
      shost: 'pc-1',
      suser: 'ada',
      destinationServiceName: 'Windows logon',
      requestClientApplication: 'Provider/4.2 (Windows)',
      msg: description,
      cs3Label: 'factor',
      cs3: 'duo_otp',
    });
  });

  it('prints the vendor, product and severities of the config', () => {
    const changed = {
      cefVendor: 'Acme|Duo',
      cefProduct: 'Two-Factor',
      cefSeverityOverrides: { 'auth.fraud': 10 },
    };
    expect(lineOf('auth', { result: 'fraud' }, changed)).toContain(
      'CEF:0|Acme\\|Duo|Two-Factor|3.0.0|auth.fraud|Duo authentication reported as fraud|10|',
    );
    expect(lineOf('auth', { result: 'success' }, changed)).toContain('|auth.success|');
    expect(lineOf('auth', { result: 'fraud' }, { ...changed, cefProfile: 'compat' })).toContain(
      'CEF:0|Acme\\|Duo|Two-Factor|3.0.0|authentication|authentication|5|',
    );
  });

  it('finds the severity of an action by its id as the line shows it', () => {
    const cefSeverityOverrides = { 'activity._nlock_it': 9 };
    const event = { action: { name: 'Ünlock it' } };
    expect(parseCef(lineOf('activity', event, { cefSeverityOverrides })).header.slice(4)).toEqual([
      'activity._nlock_it',
      'Duo Ünlock it',
      '9',
    ]);
  });
});

/** Known keys that a producer may send, with their types and lengths; labels and values in pairs. */
function expectStandard(line: string, keys: ReadonlyMap<string, Key>): void {
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  const { header, pairs } = parseCef(line);
  expect(header).toHaveLength(7);
  expect(header[4]).toMatch(/^[a-z]+\.[A-Za-z0-9_.-]+$/);
  expect(header[6]).toMatch(/^(?:10|[0-9])$/);
  for (const [key, value] of pairs) {
    const known = keys.get(key);
    expect(known?.audience, `CEF has no key ${key} for producers`).toBe('producer');
    expect([...value].length).toBeLessThanOrEqual(known?.length ?? 0);
    expect(value).not.toBe('');
    if (known?.type === 'timestamp') expect(value).toMatch(/^\d{1,16}$/);
    if (known?.type === 'long' || known?.type === 'integer') expect(value).toMatch(/^-?\d{1,16}$/);
    if (known?.type === 'ipv4_address') expect(isIPv4(value)).toBe(true);
    if (/^(?:cs|cn|c6a|flexString|deviceCustomDate)\d/.test(key)) {
      const other = key.endsWith('Label') ? key.slice(0, -5) : `${key}Label`;
      expect(pairs.has(other), `${key} without ${other}`).toBe(true);
    }
  }
}

const oddities: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: anything },
  fc.constantFrom<JsonValue>(1e300, -7, 1771008980351),
  nasty.map((text) => JSON.stringify({ error: text, ip_address: text, hostname: text })),
  fc.array(fc.record({ summary: nasty, type: nasty, label: nasty }), { maxLength: 3 }),
  fc.ipV6(),
  fc.ipV4().map((ip) => `${ip}:443`),
  nasty.map((text) => text.repeat(100)),
);

/** The paths that an endpoint's facts read, found by what they ask of a row; each holds something. */
function rowFor(profile: EventProfile): fc.Arbitrary<JsonObject> {
  const paths = new Set<string>();
  const spy = (path: string): JsonObject =>
    new Proxy<Record<string, JsonValue>>(
      {},
      {
        getOwnPropertyDescriptor: (_, key) => {
          paths.add(`${path}${String(key)}`);
          return { configurable: true, enumerable: true, value: null };
        },
        get: (_, key) => {
          paths.add(`${path}${String(key)}`);
          return spy(`${path}${String(key)}.`);
        },
      },
    );
  for (const { read } of profile.facts) read(spy(''));
  const leaves = [...paths].filter((path) => ![...paths].some((p) => p.startsWith(`${path}.`)));
  expect(leaves.length).toBeGreaterThan(3);
  return fc.tuple(...leaves.map(() => oddities)).map((values) => {
    const row: Record<string, JsonValue> = {};
    leaves.forEach((path, index) => put(row, path, values[index] ?? null));
    return row;
  });
}
