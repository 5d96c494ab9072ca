import { describe, expect, it } from 'vitest';
import { killCollector } from './servers-kills.ts';

const plan = { lines: 1_500, mostKills: 4 };

describe('A collector that is killed a few times while lines flow', { timeout: 120_000 }, () => {
  it.each(['TCP', 'TCPSSL'] as const)(
    'loses nothing over %s, and at most four groups a kill come twice',
    async (protocol) => {
      const careful = { ...plan, protocol, replayGroups: 2, careless: false, exact: false };
      const { report, kills, allowedRepeats } = await killCollector(careful);
      const { lost, repeated, malformed, unknown } = report;
      expect({ lost, malformed, unknown }).toEqual({ lost: [], malformed: [], unknown: [] });
      expect(repeated).toBeLessThanOrEqual(allowedRepeats);
      expect(kills).toBeGreaterThan(0);
    },
  );

  it('loses without a replay only what it had itself read and not stored', async () => {
    const careless = {
      ...plan,
      protocol: 'TCPSSL',
      replayGroups: 0,
      careless: true,
      exact: true,
    } as const;
    const { report, readNotStored, lostUnread } = await killCollector(careless);
    expect(lostUnread).toEqual([]);
    expect(report.lost).toHaveLength(readNotStored);
    expect(report.malformed).toEqual([]);
  });
});
