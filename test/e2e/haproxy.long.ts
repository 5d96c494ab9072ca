import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeEvents } from '../../src/simulator/history.ts';
import type { Collector } from '../helpers/collector.ts';
import { debianHaproxy, startHaproxy } from '../helpers/haproxy.ts';
import { until } from '../helpers/program.ts';
import { debianRsyslog, startRsyslog } from '../helpers/rsyslog.ts';
import {
  expectDrained,
  expectStored,
  forwardUntilStored,
  letters,
  logs,
  report,
  running,
  type Source,
  startSource,
  tlsFor,
  untilStored,
  workplaceFor,
} from './real-receiver.ts';

const eventsPerRound = 400;

/** A real rsyslog behind a real haproxy, and a way to let more happen at Duo. */
async function setUp(protocol: 'TCP' | 'TCPSSL', checks = false) {
  const source = await startSource(0);
  const tls = { tls: { driver: 'gtls', ...tlsFor(source.authority, false) } } as const;
  const siem = await startRsyslog(protocol === 'TCP' ? {} : tls);
  onTestFinished(() => siem.stop());
  const balancer = await startHaproxy(siem.port, { checks });
  onTestFinished(() => balancer.stop());
  const workplace = await workplaceFor(source, balancer, { protocol });
  let serial = 1;
  const addRound = (events = eventsPerRound): void => {
    const plan = { count: events / logs.length, fromMs: Date.now() - 1_000, stepMs: 0 };
    for (const log of logs) {
      source.add(log, makeEvents(log, { ...plan, firstSerial: serial, letter: letters[log] }));
    }
    serial += plan.count;
  };
  return { source, siem, balancer, workplace, addRound };
}

const serialsOf = ({ duo }: Source): string[] =>
  logs.flatMap((log) => duo.ledger(log).map(({ serial }) => serial));
const lostOf = async (source: Source, siem: Collector): Promise<readonly string[]> =>
  (await report(source.duo, siem)).lost;

// Debian's packages are the one way to a receiver that needs no root.
describe.runIf(process.platform === 'linux')('A real haproxy before a real rsyslog', () => {
  // What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
  beforeAll(() => void [debianHaproxy(), debianRsyslog()], 600_000);

  it.each(['TCP', 'TCPSSL'] as const)(
    'passes every event on once over %s, and closes after us',
    async (protocol) => {
      const { source, siem, balancer, workplace, addRound } = await setUp(protocol);
      for (let round = 0; round < 5; round += 1) addRound();
      await forwardUntilStored(workplace, siem, 5 * eventsPerRound);
      await expectStored(siem, source.jsonLines);
      await expectDrained(workplace, protocol, balancer.port);
    },
  );

  it('loses nothing over TLS while the collector behind it is dead: the handshake is with the collector', async () => {
    const { source, siem, workplace, addRound } = await setUp('TCPSSL');
    const program = running(workplace);
    const all = async (): Promise<boolean> => (await lostOf(source, siem)).length === 0;
    for (let round = 0; round < 3; round += 1) {
      addRound();
      await until('the round to be stored', all);
      await siem.crash();
      addRound();
      await until('trouble', async () => {
        const log = await workplace.log();
        return log.split('server in trouble').length > round + 1;
      });
      await siem.startAgain();
      await until('what came meanwhile', all);
    }
    expect(await program.kill('SIGTERM')).toBe(0);
    const { lost, repeated, malformed, unknown } = await report(source.duo, siem);
    console.log(`TLS through haproxy: lost ${lost.length}, repeated ${repeated}`);
    expect({ lost, malformed, unknown }).toEqual({ lost: [], malformed: [], unknown: [] });
    expect(repeated).toBeLessThanOrEqual(3 * 4 * eventsPerRound);
  });

  it.each([
    ['does not look', false],
    ['looks every 100 ms', true],
  ] as const)(
    'that %s whether the collector lives costs what is sent into it over plain TCP meanwhile, and nothing else',
    async (what, checks) => {
      const { source, siem, workplace, addRound } = await setUp('TCP', checks);
      const program = running(workplace);
      addRound();
      await untilStored(program, workplace, siem, eventsPerRound);
      await siem.crash();
      const before = new Set(serialsOf(source));
      // Little at a time: a group fits into what the balancer reads before it needs the collector.
      for (let second = 0; second < 8; second += 1) {
        addRound(logs.length);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      const meanwhile = new Set(serialsOf(source).filter((serial) => !before.has(serial)));
      await siem.startAgain();
      addRound();
      const lostElse = async (): Promise<string[]> =>
        (await lostOf(source, siem)).filter((serial) => !meanwhile.has(serial));
      await until('what came after', async () => (await lostElse()).length === 0, 60_000);
      expect(await program.kill('SIGTERM')).toBe(0);
      const { lost, repeated, malformed, unknown } = await report(source.duo, siem);
      console.log(
        `TCP through a haproxy that ${what}: lost ${lost.length} of ${meanwhile.size}, repeated ${repeated}`,
      );
      expect({ lost: await lostElse(), malformed, unknown }).toEqual({
        lost: [],
        malformed: [],
        unknown: [],
      });
      expect(repeated).toBeLessThanOrEqual(4 * eventsPerRound + meanwhile.size);
    },
  );
});
