import { describe, expect, it } from 'vitest';
import { killCollector } from './servers-kills.ts';

const plan = { lines: 15_000, mostKills: 40, leastKills: 6 };
const protocols = ['TCP', 'TCPSSL'] as const;

describe('A collector that is killed 20 to 80 ms after each start while lines flow', () => {
  it.each(protocols)(
    'loses over %s without a replay only what it had itself read and not stored',
    async (protocol) => {
      const careless = { ...plan, protocol, replayGroups: 0, careless: true, exact: true };
      const { report, kills, readNotStored, lostUnread, resumed } = await killCollector(careless);
      const { lost, repeated, malformed, unknown, torn } = report;
      console.log(
        `${protocol}, no replay: ${kills} kills, lost ${lost.length}, all of them read: ${readNotStored};`,
        `repeated ${repeated}, torn ${torn}, sessions resumed ${resumed}`,
      );
      expect({ lostUnread, malformed, unknown }).toEqual({
        lostUnread: [],
        malformed: [],
        unknown: [],
      });
      expect(lost).toHaveLength(readNotStored);
      expect(kills).toBeGreaterThan(5);
      if (protocol === 'TCPSSL') expect(resumed).toBeGreaterThan(0);
    },
  );

  it.each(protocols)(
    'loses nothing over %s when it stores before it answers, and at most four groups a kill come twice',
    async (protocol) => {
      const careful = { ...plan, protocol, replayGroups: 2, careless: false, exact: false };
      const { report, kills, allowedRepeats, resumed } = await killCollector(careful);
      const { lost, repeated, malformed, unknown, torn } = report;
      console.log(
        `${protocol}, replay of 2: ${kills} kills, lost ${lost.length}, repeated ${repeated}`,
        `(allowed ${allowedRepeats}), torn ${torn}, sessions resumed ${resumed}`,
      );
      expect({ lost, malformed, unknown }).toEqual({ lost: [], malformed: [], unknown: [] });
      expect(repeated).toBeLessThanOrEqual(allowedRepeats);
      expect(kills).toBeGreaterThan(5);
      if (protocol === 'TCPSSL') expect(resumed).toBeGreaterThan(0);
    },
  );
});
