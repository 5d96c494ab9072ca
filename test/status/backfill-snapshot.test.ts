import { describe, expect, it } from 'vitest';
import { sampleBackfill } from '../../scripts/status-samples.ts';
import { backfillWords, type SnapshotBackfill } from '../../src/status/backfill-snapshot.ts';

const words = (more: Partial<SnapshotBackfill> = {}): string =>
  backfillWords({ ...sampleBackfill, ...more });
const range = 'of 2026-11-01 00:00Z to 2026-11-08 00:00Z';

describe('a running backfill in the snapshot', () => {
  it('is told in a sentence, what is not known is left out', () => {
    expect(words()).toBe(`Backfill ${range}: 74 %, 801,450 events sent, 1,950/s, ETA 2 min`);
    expect(words({ dry_run: true, eta_seconds: null, sent: 1, rate: 0, part: 0.999 })).toBe(
      `Backfill (dry run) ${range}: 99 %, 1 event counted, 0/s`,
    );
    expect(words({ failed: 2, problem: 'duo_forbidden' })).toMatch(
      /ETA 2 min, 2 feeds failed, held up: duo_forbidden$/,
    );
  });
});
