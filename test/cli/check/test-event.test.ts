import { describe, expect, it } from 'vitest';
import { testEvent, testProfile } from '../../../src/cli/check/test-event.ts';
import type { FormatOptions } from '../../../src/formatters/formatter.ts';
import { formatters } from '../../../src/formatters/index.ts';
import { child, options, origin } from '../../formatters/events.ts';

const timeMs = Date.UTC(2026, 1, 3, 8, 6, 20, 351);
const event = testEvent('duologsync-test-1a2b3c4d', timeMs, 'fwd01');
const line = (name: 'JSON' | 'CEF', more: Partial<FormatOptions> = {}, from = origin): string =>
  Buffer.from(
    formatters[name].create({ ...options, ...more }).format(event, from, testProfile),
  ).toString();

describe('a test event', () => {
  it('is a JSON object with the labels of others, its id and a message in plain words', () => {
    expect(JSON.parse(line('JSON'))).toEqual({
      message:
        'Test event duologsync-test-1a2b3c4d of duologsync on fwd01: somebody ran "duologsync check --send-test". Nothing happened at Duo.',
      test_id: 'duologsync-test-1a2b3c4d',
      timestamp: 1_770_105_980,
      isotimestamp: '2026-02-03T08:06:20.351+00:00',
      eventtype: 'duologsync_test',
      host: 'api-xxxxxxxx.duosecurity.com',
    });
    expect(JSON.parse(line('JSON', { jsonStyle: 'compact' }))).toMatchObject({
      eventtype: 'duologsync_test',
    });
  });

  it('is a CEF event of its own class, in both profiles, of the vendor that the config names', () => {
    for (const cefProfile of ['compat', 'improved'] as const) {
      const cef = line('CEF', { cefProfile, cefVendor: 'ACME', cefProduct: 'Duo' });
      expect(cef).toMatch(
        /^Feb 03 08:06:20 fwd01 CEF:0\|ACME\|Duo\|3\.0\.0\|duologsync\.test\|duologsync test event\|1\|/,
      );
      expect(cef).toContain(`rt=${timeMs} cat=duologsync_test`);
      expect(cef).toContain('externalId=duologsync-test-1a2b3c4d');
      expect(cef).toContain('msg=Test event duologsync-test-1a2b3c4d of duologsync on fwd01');
    }
  });

  it('follows the severity that the config gives its class', () => {
    const cef = line('CEF', { cefSeverityOverrides: { 'duologsync.test': 7 } });
    expect(cef).toContain('|duologsync test event|7|');
  });

  it('carries no label that a child has not either', () => {
    expect(line('JSON', {}, { ...origin, account: child })).not.toContain('eventtype');
  });
});
