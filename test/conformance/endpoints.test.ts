import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/types.ts';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import { answerOf, rowOf } from '../endpoints/answers.ts';

const window = { mintimeMs: 1771008980351, endMs: 1771012580351 };
const odd: JsonValue[] = [
  null,
  [],
  'text',
  7,
  {},
  { ts: {}, timestamp: [], isotimestamp: 7, txid: {}, action: [] },
];

describe.each(Object.entries<Endpoint>(endpoints))('Endpoint %s', (name, endpoint) => {
  const { profile } = endpoint;
  const dlsFields = profile.dls?.fields ?? [];

  it('has a name that can stand in a config file and in a file name', () => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  it('says in one line what it is', () => {
    expect(endpoint.summary, `${name} has no summary`).toMatch(/^[A-Z][^\n]{20,100}[^.]$/);
  });

  it("calls one of Duo's paths with parameters that are texts and not empty", () => {
    expect(endpoint.path).toMatch(/^\/admin\/v\d\/[a-z_/]+$/);
    for (const value of Object.values(endpoint.params(window))) expect(value).not.toBe('');
  });

  it('asks in the unit that it says', () => {
    const { mintime } = endpoint.params(window);
    expect(mintime).toBe(endpoint.unit === 'ms' ? '1771008980351' : '1771008980');
  });

  it('sends an end and an offset exactly when it has an end', () => {
    const params = Object.values(endpoint.params({ ...window, offset: 'the,offset' }));
    expect(params.includes('1771012580351')).toBe(endpoint.hasEnd);
    expect(params.includes('the,offset')).toBe(endpoint.hasEnd);
  });

  it('refuses an answer without its rows, so that nothing is taken for an empty page', () => {
    for (const response of [{ other: [] }, null, 'text']) {
      expect(() => endpoint.rows(answerOf(response))).toThrow(
        expect.objectContaining({ code: 'duo_wrong_shape', remedy: 'retry', scope: 'source' }),
      );
    }
  });

  it('throws at no row, however odd', () => {
    for (const row of odd.map(rowOf)) {
      expect(endpoint.id(row)).toBeUndefined();
      expect(() => endpoint.timeMs(row)).not.toThrow();
      expect(profile.dls?.kind(row.body)).not.toBe('');
      expect(profile.dls?.title(row.body)).not.toBe('');
      const { id, name, severity } = profile.classify(row.body);
      expect(id).toMatch(/^[a-z]+\.[a-z_.]+$/);
      expect(name).toMatch(/^Duo /);
      expect([1, 2, 3, 4, 5, 6]).toContain(severity);
      for (const { read } of profile.facts) expect(() => read(row.body)).not.toThrow();
    }
  });

  it("gives each of DLS's meanings and slots to one field only", () => {
    const places = dlsFields.map(({ means }) => (typeof means === 'string' ? means : means.slot));
    expect(new Set(places).size, `${name} uses a place twice`).toBe(places.length);
  });

  it('gives each fact a place of its own', () => {
    const places = profile.facts.map(({ means }) =>
      typeof means === 'string' ? means : `${means.holds} ${means.slot} ${means.label}`,
    );
    expect(new Set(places).size, `${name} uses a place twice`).toBe(places.length);
  });

  it('labels its slots with words that need no escaping, and has no more of them than CEF', () => {
    for (const { means } of dlsFields) {
      if (typeof means === 'string') continue;
      expect(means.label).toMatch(/^[a-z_]+$/);
      expect([1, 2, 3, 4, 5, 6]).toContain(means.slot);
    }
    const most = { text: 6, note: 2, number: 3, time: 2 };
    for (const { means } of profile.facts) {
      if (typeof means === 'string') continue;
      expect(means.label).toMatch(/^[a-z_]+$/);
      expect(means.slot).toBeGreaterThan(0);
      expect(means.slot).toBeLessThanOrEqual(most[means.holds]);
    }
  });

  it('has a source for every field, and a time', () => {
    for (const { paths, constant } of dlsFields) {
      expect(paths.length > 0).toBe(constant === undefined);
    }
    if (profile.dls !== undefined) {
      expect(dlsFields.some(({ means }) => means === 'time')).toBe(true);
    }
    expect(profile.facts.some(({ means }) => means === 'time')).toBe(true);
  });
});
