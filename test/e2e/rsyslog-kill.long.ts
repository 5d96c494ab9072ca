import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeEvents } from '../../src/simulator/history.ts';
import { until } from '../helpers/program.ts';
import { debianRsyslog, startRsyslog } from '../helpers/rsyslog.ts';
import {
  letters,
  logs,
  report,
  running,
  startSource,
  tlsFor,
  workplaceFor,
} from './real-receiver.ts';

const kills = 12;
const eventsPerRound = 1_600;
const pageRows = 60;
// Pages of 60 rows from three logs; adminaction has no shorter ones than its rows since the last poll.
const mostLinesOfGroup = 3 * pageRows + eventsPerRound / logs.length;

// Debian's packages are the one way to a receiver that needs no root.
describe.runIf(process.platform === 'linux')('A real rsyslog that is killed', () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void debianRsyslog(), 600_000);

  it.each([
    ['TCP', 'imtcp'],
    ['TCP', 'imptcp'],
    ['TCPSSL', 'imtcp'],
  ] as const)(
    'over and over while events flow over %s to %s loses none of them, and few come twice',
    async (protocol, input) => {
      const source = await startSource(0);
      const { duo, authority } = source;
      for (const endpoint of ['auth', 'telephony', 'activity'] as const) {
        duo.faults.push({ kind: 'shortPage', rows: pageRows, endpoint, when: () => true });
      }
      const tls = { tls: { driver: 'gtls', ...tlsFor(authority, false) } } as const;
      const siem = await startRsyslog(protocol === 'TCP' ? { input } : tls);
      onTestFinished(() => siem.stop());
      const workplace = await workplaceFor(source, siem, { protocol });
      const program = running(workplace);
      let serial = 1;
      const addRound = (): void => {
        const plan = { count: eventsPerRound / logs.length, fromMs: Date.now() - 1_000, stepMs: 0 };
        for (const log of logs) {
          const more = { firstSerial: serial, letter: letters[log] };
          duo.add(log, makeEvents(log, { ...plan, ...more }));
        }
        serial += plan.count;
      };
      let struck = 0;
      for (let round = 0; round < kills; round += 1) {
        const before = (await siem.lines()).length;
        addRound();
        // By lines and not by time: a quick machine has all of them stored before the kill comes.
        const some = 1 + Math.random() * eventsPerRound * 0.6;
        await until('some lines of the round', async () => {
          return (await siem.lines()).length >= before + some;
        });
        await siem.crash();
        if ((await report(duo, siem)).lost.length > 0) struck += 1;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
        await siem.startAgain();
      }
      addRound();
      const events = logs.flatMap((log) => duo.ledger(log)).length;
      const complete = async (): Promise<boolean> => {
        if ((await siem.lines()).length < events) return false;
        return (await report(duo, siem)).lost.length === 0;
      };
      // The pause between two tries may have grown to a minute.
      await until('everything to be stored', complete, 180_000).catch(() => undefined);
      expect(await program.kill('SIGTERM')).toBe(0);
      const { lost, repeated, malformed, unknown } = await report(duo, siem);
      console.log(
        `${struck} of ${kills} kills struck; lost ${lost.length}, repeated ${repeated} of ${events}`,
      );
      expect(events).toBe((kills + 1) * eventsPerRound);
      expect({ lost, malformed, unknown }).toEqual({ lost: [], malformed: [], unknown: [] });
      expect(struck).toBeGreaterThan(kills / 3);
      // Two confirmed groups for each kill, each of them at most twice, and the two that were on their way.
      expect(repeated).toBeLessThanOrEqual(kills * 4 * mostLinesOfGroup);
    },
    400_000,
  );
});
