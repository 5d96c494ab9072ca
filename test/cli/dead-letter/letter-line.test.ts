import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LetterLines } from '../../../src/cli/dead-letter/letter-line.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { StoredLetter } from '../../../src/dead-letter/letter.ts';
import { letter, openBench, server } from './place.ts';

const { place, close } = openBench();
afterEach(close);

/** A JSON server, to which the letter belongs, and a CEF one. */
let config: Config;
beforeEach(async () => {
  const servers = [server('siem', { port: 9 }), server('cef', { port: 9 }, { format: 'CEF' })];
  const { config: file } = await place(...servers);
  const loaded = await loadConfig(file, { env: {}, platform: process.platform });
  if (loaded.config === undefined) throw new Error('the config is wrong');
  config = loaded.config;
});

const whole: StoredLetter = { ...letter(1), id: 'id', at: '' };
const { row: _, ...rowless } = whole;
const { line: __, ...lineless } = whole;

function lineOf(stored: StoredLetter, to: 'siem' | 'cef', anew: boolean): string {
  const target = config.servers.find(({ id }) => id === to);
  if (target === undefined) throw new Error('no server');
  const { account, endpoint } = stored;
  const origin = { account, endpoint, sender: 'here', sentAtMs: 0 };
  const line = new LetterLines(config).of(stored, target, origin, anew);
  return typeof line === 'string' ? line : Buffer.from(line.bytes).toString();
}

describe("a dead letter's line", () => {
  it('is the one that was not delivered, for its own server', () => {
    expect(lineOf(whole, 'siem', false)).toBe('line 1');
  });

  it('is made of the row, as the config says now, for a server that was named', () => {
    expect(lineOf(whole, 'siem', true)).toContain('"txid": "event-1"');
    expect(lineOf(whole, 'cef', true)).toContain('CEF:0|');
  });

  it('is made of the row where there was none', () => {
    expect(lineOf(lineless, 'siem', false)).toContain('"txid": "event-1"');
  });

  it('is good for its own server only when the row was not kept', () => {
    expect(lineOf(rowless, 'siem', true)).toBe('line 1');
    expect(lineOf(rowless, 'cef', true)).toContain('their rows were not kept');
  });

  it('that cannot be made says why', () => {
    expect(lineOf({ ...whole, endpoint: 'gone' }, 'cef', true)).toBe(
      'this version knows no log gone',
    );
  });
});
