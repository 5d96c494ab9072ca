import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DlsProfile, JsonObject, JsonValue } from '../../src/core/types.ts';
import { endpoints, type EndpointName } from '../../src/endpoints/index.ts';
import { cef } from '../../src/formatters/cef.ts';
import type { FormatOptions } from '../../src/formatters/formatter.ts';
import { parseCef } from './cef-parser.ts';
import { anything, intended, put } from './cef-rows.ts';
import { casesOf, eventOf, options, origin, textOf } from './events.ts';

interface Golden {
  readonly endpoint: EndpointName;
  readonly case: string;
  readonly event: JsonObject;
  readonly expected: string;
}

interface DlsLine {
  readonly dls: string;
  readonly endpoint: EndpointName;
  readonly case: string;
  readonly dls_line: string;
  readonly ours_compat: string;
}

const dlsProfiles = (Object.keys(endpoints) as EndpointName[]).flatMap((name) => {
  const { dls } = endpoints[name].profile;
  return dls === undefined ? [] : [[name, dls] as const];
});

const goldens = casesOf<Golden>('cef-golden.jsonl');

function lineOf(
  name: EndpointName,
  event: JsonValue,
  changed: Partial<FormatOptions> = {},
  sender = origin.sender,
): string {
  const formatter = cef.create({ ...options, ...changed });
  const { profile } = endpoints[name];
  return textOf(formatter.format(eventOf(JSON.stringify(event)), { ...origin, sender }, profile));
}

function pairsOf(name: EndpointName, event: JsonValue): Record<string, string> {
  return Object.fromEntries(parseCef(lineOf(name, event)).pairs);
}

describe('CEF', () => {
  it.each(goldens)('is the expected line: $endpoint, $case', ({ endpoint, event, expected }) => {
    expect(lineOf(endpoint, event)).toBe(`Feb 03 08:06:20 fwd01 ${expected}`);
  });

  it.each(casesOf<DlsLine>('dls-cef-actual.jsonl'))(
    'keeps what DLS $dls printed correctly: $endpoint, $case',
    (dls) => {
      const golden = goldens.find((g) => g.endpoint === dls.endpoint && g.case === dls.case);
      const line = lineOf(dls.endpoint, golden?.event ?? {});
      expect(line.slice(0, 22)).toBe(dls.dls_line.slice(0, 22));
      expect(line.slice(22)).toBe(dls.ours_compat);
      const ours = [...parseCef(line).pairs];
      const kept = dlsPairs(dls.dls_line).filter(([key, value], index, all) => {
        const next = all[index + 1]?.[1];
        return value !== 'None' && !(key.endsWith('Label') && next === 'None') && !isIsoTime(value);
      });
      expect(ours.filter(([key]) => kept.some(([other]) => other === key))).toEqual(kept);
    },
  );

  it('is one line of valid pairs, whatever is inside the event', () => {
    const chosen = fc.constantFrom(...dlsProfiles);
    fc.assert(
      fc.property(
        chosen.chain(([n, dls]) => fc.tuple(fc.constant(n), fc.constant(dls), rowFor(dls))),
        ([n, dls, row]) => {
          const parsed = parseCef(lineOf(n, row));
          expect([...parsed.pairs]).toEqual(intendedPairs(dls, row));
          expect(parsed.header).toHaveLength(7);
          expect(parsed.header[4]).toMatch(/^[A-Za-z0-9_.-]+$/);
          for (const key of parsed.pairs.keys()) {
            if (/^cs\d/.test(key)) expect(parsed.pairs.has(pairedKey(key))).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('escapes backslash and pipe in the header, and nothing else there', () => {
    const event = { action: 'a|b\\c=d\r\ne', username: 'u' };
    expect(lineOf('adminaction', event)).toContain('|administrator|a\\|b\\\\c=d  e|5|');
  });

  it('escapes backslash and equals sign in values, and not the pipe', () => {
    expect(lineOf('auth', { user: { name: 'CORP\\a=b|c' } })).toMatch(/duser=CORP\\\\a\\=b\|c$/);
  });

  it('writes each kind of line end in a value as one \\n', () => {
    expect(lineOf('auth', { user: { name: 'a\r\nb\rc\nd' } })).toMatch(/duser=a\\nb\\nc\\nd$/);
  });

  it('writes other control characters and Unicode line ends as blanks', () => {
    const name = 'a\tb\u0000c\u007fd\u0085e\u2028f\u2029g';
    expect(pairsOf('auth', { user: { name } })['duser']).toBe('a b c d e f g');
  });

  it('cuts a value to its length in characters before it escapes, never through one', () => {
    const result = '='.repeat(62) + '😀' + 'x';
    expect(pairsOf('auth', { result })['outcome']).toBe('='.repeat(62) + '😀');
    expect(pairsOf('auth', { factor: 'é'.repeat(5000) })['cs3']).toBe('é'.repeat(4000));
    expect(parseCef(lineOf('adminaction', { action: '|'.repeat(600) })).header[5]).toBe(
      '|'.repeat(512),
    );
  });

  it('leaves out what is missing, a label with its value, and never moves another slot', () => {
    const event = { action: 'x', object: null, description: '', type: [], username: {} };
    expect(pairsOf('adminaction', event)).toEqual({
      cs1Label: 'action',
      cs1: 'x',
      cs2Label: 'event_type',
      cs2: 'administrator',
    });
    expect(pairsOf('auth', { factor: '  ', access_device: { hostname: 'null' } })).toEqual({
      cs2Label: 'event_type',
      cs2: 'authentication',
    });
  });

  it('keeps a user whose name is null or None', () => {
    expect(pairsOf('auth', { user: { name: 'null' } })['duser']).toBe('null');
    expect(pairsOf('auth', { user: { name: 'None' } })['duser']).toBe('None');
  });

  it('writes booleans, numbers and structures as JSON', () => {
    const event = { context: true, credits: 0, phone: { a: [1, 'x=y'] }, type: false };
    expect(pairsOf('telephony', event)).toMatchObject({
      cs1: 'true',
      cs2: '0',
      cs4: '{"a":[1,"x=y"]}',
      cs5: 'false',
    });
  });

  it('makes one word of an action that is none, for the class of the event', () => {
    const line = lineOf('activity', {
      action: { name: 'Ünlock user|x' },
      actor: { type: 'admin' },
    });
    expect(line).toContain('|3.0.0|_nlock_user_x|admin|5|');
  });

  it('still is a line when the row is no object', () => {
    expect(lineOf('activity', ['x'])).toBe(
      'Feb 03 08:06:20 fwd01 CEF:0|Duo Security|DuoLogSync|3.0.0|activity|activity|5|',
    );
  });

  it('has a blank after the header when liblognorm needs one', () => {
    const line = lineOf('telephony', { type: 'sms' }, { cefLeadingSpace: true });
    expect(line).toContain('|5| cs3Label=event_type cs3=telephony cs5Label=type cs5=sms');
  });

  it('prints the version of the program', () => {
    expect(lineOf('auth', {}, { version: '3.1.0-rc.1' })).toContain('|DuoLogSync|3.1.0-rc.1|');
  });
});

/** The pairs of DLS's line, which escapes nothing: they begin at the keys that it knows. */
function dlsPairs(line: string): [string, string][] {
  const extension = line.split('|5|')[1] ?? '';
  const starts = / (?=(?:cs\d(?:Label)?|src|dhost|outcome|rt|duser|suser|act|msg)=)/;
  const parts = extension === '' ? [] : extension.split(starts);
  return parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]);
}

function isIsoTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(value);
}

function pairedKey(key: string): string {
  return key.endsWith('Label') ? key.slice(0, -5) : `${key}Label`;
}

/** A row with something at the first path of every field. */
function rowFor(profile: DlsProfile): fc.Arbitrary<JsonObject> {
  const fields = profile.fields.filter(({ paths }) => paths.length > 0);
  return fc
    .tuple(...fields.map(({ means }) => (means === 'time' ? fc.nat() : anything)))
    .map((values) => {
      const row: Record<string, JsonValue> = {};
      fields.forEach(({ paths }, index) => put(row, paths[0] ?? '', values[index] ?? null));
      return row;
    });
}

const dictionary: Readonly<Record<string, readonly [key: string, limit: number]>> = {
  clientHost: ['dhost', 1023],
  clientIp: ['shost', 1023],
  action: ['act', 63],
  actor: ['suser', 1023],
  user: ['duser', 1023],
  outcome: ['outcome', 63],
  message: ['msg', 1023],
};

/** What a line should say about a row whose addresses are none, told apart from how it is escaped. */
function intendedPairs(profile: DlsProfile, row: JsonObject): [string, string][] {
  return profile.fields.flatMap(({ means, paths, constant }): [string, string][] => {
    const raw = constant ?? at(row, paths[0] ?? '');
    if (means === 'time') return [['rt', String(Number(raw) * 1000)]];
    if (means === 'clientHost' && raw === 'null') return [];
    const [key, limit] =
      typeof means === 'string' ? (dictionary[means] ?? ['?', 0]) : [`cs${means.slot}`, 4000];
    const value = intended(raw, limit);
    if (value === '') return [];
    return typeof means === 'string'
      ? [[key, value]]
      : [
          [`${key}Label`, means.label],
          [key, value],
        ];
  });
}

function at(row: JsonObject, path: string): JsonValue {
  return path.split('.').reduce<JsonValue>((value, key) => (value as JsonObject)[key] ?? null, row);
}
