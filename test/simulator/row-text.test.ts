import { describe, expect, it } from 'vitest';
import { endpointRules } from '../../src/simulator/endpoints.ts';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import { rowText } from '../../src/simulator/row-text.ts';

const names = Object.keys(endpointRules) as EndpointName[];
const timeUs = Date.UTC(2024, 4, 24, 11, 40) * 1000 + 123_456;

function row(endpoint: EndpointName, number: number, bodyBytes = 0): string {
  const id = '5bea1c1e-612c-4f1d-b310-75fd31385b15';
  return rowText(endpoint, { number, serial: 'u00000001', id, timeUs, bodyBytes });
}

describe('the text of a row', () => {
  it.each(names)('of %s is a JSON object with its serial, whatever its number', (name) => {
    for (let number = 0; number < 140; number += 1) {
      const parsed = JSON.parse(row(name, number)) as Record<string, unknown>;
      const surfaced = (parsed['surfaced_auth'] ?? parsed) as Record<string, unknown>;
      const enabled = parsed['enabled_for'];
      const actor = surfaced['user'] ?? enabled ?? parsed['actor'] ?? parsed;
      const { name: own, phone, username, explanations } = actor as Record<string, unknown>;
      const [first] = (explanations ?? []) as readonly { summary: string }[];
      const shown = own ?? phone ?? username ?? first?.summary;
      expect(shown).toEqual(expect.stringMatching(/^u00000001/));
    }
  });

  it.each(names)('of %s grows to the length that is asked for and stays JSON', (name) => {
    const text = row(name, 3, 50_000);
    expect(Math.abs(Buffer.byteLength(text) - 50_000)).toBeLessThan(200);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it('of auth is about 1.1 kB long', () => {
    expect(row('auth', 1).length).toBeGreaterThan(1000);
    expect(row('auth', 1).length).toBeLessThan(1200);
  });

  it('holds what readers trip over: raw and escaped characters, null, "unknown"', () => {
    const all = Array.from({ length: 140 }, (_, number) => row('auth', number)).join('\n');
    for (const piece of [
      'Köln',
      'Z\\u00fcrich',
      '東京',
      '\\ud83d',
      '🔐',
      '\\/',
      'null',
      '"unknown"',
    ]) {
      expect(all).toContain(piece);
    }
  });

  it('spells times as Duo does', () => {
    expect(row('auth', 1)).toContain('"isotimestamp":"2024-05-24T11:40:00.123456+00:00"');
    expect(row('auth', 1)).toContain('"timestamp":1716550800');
    expect(row('adminaction', 1)).toContain('"isotimestamp":"2024-05-24T11:40:00+00:00"');
  });
});
