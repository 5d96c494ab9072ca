import { describe, expect, it } from 'vitest';
import { sampleBackfill } from '../../scripts/status-samples.ts';
import { backfillOf, backfillWords } from '../../src/status/backfill-snapshot.ts';
import type { BackfillPart } from '../../src/status/parts.ts';

const words = (more: Partial<BackfillPart> = {}): string =>
  backfillWords(backfillOf({ ...sampleBackfill, ...more }));
const range = 'of 2026-11-01 00:00Z to 2026-11-08 00:00Z';

describe('a running backfill in the snapshot', () => {
  it('has its range, how far it is, and what is in its way', () => {
    const problem = { feed: 'auth > siem', code: 'duo_rate_limited' };
    expect(backfillOf({ ...sampleBackfill, problem })).toEqual({
      dry_run: false,
      since: '2026-11-01T00:00:00.000Z',
      until: '2026-11-08T00:00:00.000Z',
      elapsed_seconds: 411,
      feeds: 20,
      done: 12,
      failed: 0,
      sent: 801_450,
      part: 0.744,
      rate: 1_950,
      eta_seconds: 141,
      problem: 'duo_rate_limited',
    });
    expect(backfillOf(sampleBackfill).problem).toBeNull();
  });

  it('is told in a sentence, what is not known is left out', () => {
    expect(words()).toBe(`Backfill ${range}: 74 %, 801,450 events sent, 1,950/s, ETA 2 min`);
    expect(words({ dryRun: true, etaSeconds: null, sent: 1, rate: 0, part: 0.999 })).toBe(
      `Backfill (dry run) ${range}: 99 %, 1 event counted, 0/s`,
    );
    expect(words({ failed: 2, problem: { feed: 'x', code: 'duo_forbidden' } })).toMatch(
      /ETA 2 min, 2 feeds failed, held up: duo_forbidden$/,
    );
  });
});
