import { readFileSync } from 'node:fs';
import { Row } from '../../src/core/row.ts';
import type { LogEvent, Origin } from '../../src/core/types.ts';
import type { FormatOptions } from '../../src/formatters/formatter.ts';

export const options: FormatOptions = {
  jsonStyle: 'python',
  jsonAdd: 'dls',
  cefTime: 'utc',
  cefLeadingSpace: false,
  cefProfile: 'compat',
  cefVendor: 'Duo Security',
  cefProduct: 'DuoLogSync',
  cefSeverityOverrides: {},
  version: '3.0.0',
};

export const account = { id: undefined, name: 'Acme', apiHost: 'api-xxxxxxxx.duosecurity.com' };
export const child = {
  id: 'DA1234567890ABCDEFGH',
  name: 'Child',
  apiHost: 'api-child.duosecurity.com',
};

/** From the configured account, sent at DLS's recorded time by DLS's recorded host. */
export const origin: Origin = {
  account,
  endpoint: 'auth',
  sender: 'fwd01',
  sentAtMs: Date.UTC(2026, 1, 3, 8, 6, 20),
};

/** An event whose row is this text. */
export function eventOf(row: string): LogEvent {
  const { source, body } = new Row(new TextEncoder().encode(row));
  return { id: 'id', timeMs: 0, source, body };
}

export function textOf(line: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
}

/** The lines of a JSON Lines file in test/cases/formats. */
export function casesOf<T>(name: string): T[] {
  const url = new URL(`../cases/formats/${name}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
