import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';
import {
  forward,
  hasSignals,
  makeWorkplace,
  type Running,
  start,
  stoppedGently,
  until,
} from '../helpers/program.ts';

/** The program at work, with a server for JSON and one for CEF. */
async function place() {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const [json, cef] = [await startTcpReceiver(), await startTcpReceiver()];
  const workplace = await makeWorkplace(duo, [
    { id: 'json', protocol: 'TCP', port: json.port, endpoints: ['auth', 'activity'] },
    { id: 'cef', protocol: 'TCP', port: cef.port, format: 'CEF', endpoints: ['auth'] },
  ]);
  const program = forward(workplace);
  onTestFinished(async () => {
    await program.kill('SIGKILL');
    await duo.close();
    await json.stop();
    await cef.stop();
    await workplace.remove();
  });
  const tap = (...argv: string[]): Running => {
    const running = start(['tap', workplace.configFile, ...argv]);
    onTestFinished(async () => void (await running.kill('SIGKILL')));
    return running;
  };
  let serial = 1;
  const add = (count: number, log: 'auth' | 'activity' = 'auth'): void => {
    const fromMs = Date.now() - 1_000 - count;
    duo.add(log, makeEvents(log, { count, fromMs, stepMs: 1, firstSerial: serial }));
    serial += count;
  };
  await until('the program', async () => {
    const asked = start(['status', workplace.configFile]);
    return (await asked.ended) !== 69;
  });
  return { duo, json, cef, workplace, program, tap, add };
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

describe('duologsync tap', { timeout: 120_000 }, () => {
  it('shows the very lines that a server gets, of the feeds that are named', async () => {
    const { json, cef, tap, add } = await place();
    const [toJson, toCef] = [tap('--server', 'json', '--limit', '1000'), tap('--server', 'cef')];
    const activity = tap('--endpoint', 'activity', '--json', '-n', '5');
    // Long enough for all three to have begun.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    add(20);
    add(5, 'activity');
    await until('all at the servers', () => json.received === 25 && cef.received === 20);
    await until('all to be shown', () => linesOf(toJson.stdout()).length === 25);
    await until('all CEF to be shown', () => linesOf(toCef.stdout()).length === 20);
    expect(linesOf(toJson.stdout()).sort()).toEqual(json.lines().map(String).sort());
    expect(linesOf(toCef.stdout())).toEqual(cef.lines().map(String));
    expect(await activity.ended).toBe(0);
    const shown = linesOf(activity.stdout()).map((line) => JSON.parse(line) as object);
    expect(shown).toHaveLength(5);
    for (const entry of shown)
      expect(entry).toMatchObject({
        feed: 'activity > json',
        endpoint: 'activity',
        server: 'json',
      });
    for (const running of [toJson, toCef]) {
      const end = await running.kill(hasSignals ? 'SIGINT' : 'SIGTERM');
      expect(end).toBe(hasSignals ? 0 : 'SIGTERM');
      expect(running.stderr()).toBe('');
    }
  });

  it('names what there is when nothing has that name', async () => {
    const { tap } = await place();
    const unknown = tap('--endpoint', 'telephony');
    expect(await unknown.ended).toBe(2);
    expect(unknown.stdout()).toBe('');
    expect(unknown.stderr()).toContain('There are these endpoints: auth, activity.');
  });

  it('holds up no delivery when its reader takes nothing, and tells him what he missed', async () => {
    const { duo, json, cef, program, tap, add } = await place();
    const stuck = tap('--limit', '1000');
    stuck.process.stdout?.pause();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    if (hasSignals) stuck.process.kill('SIGSTOP');
    add(20_000);
    await until(
      'all at both servers',
      () => json.received >= 20_000 && cef.received >= 20_000,
      60_000,
    );
    const sent = duo.ledger('auth');
    const received = json.lines();
    expect(checkSequence({ sent, received, format: 'json' })).toMatchObject({
      lost: [],
      repeated: 0,
    });
    if (hasSignals) stuck.process.kill('SIGCONT');
    stuck.process.stdout?.resume();
    add(1);
    await until('one more', () => json.received === 20_001);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (hasSignals) {
      expect(await stuck.kill('SIGINT')).toBe(0);
      expect(stuck.stderr()).toMatch(/\d+ lines? left out: /);
    }
    expect(linesOf(stuck.stdout()).length).toBeLessThan(20_000);
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
  });

  it('ends with a sentence when the program does', async () => {
    const { program, tap, add, json } = await place();
    const running = tap();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    add(1);
    await until('the event', () => json.received === 1);
    await until('a line', () => linesOf(running.stdout()).length > 0);
    await program.kill('SIGTERM');
    expect(await running.ended).toBe(69);
    expect(running.stderr()).toMatch(/^duologsync: .*\n/);
  });
});

describe('duologsync check --send-test', { timeout: 120_000 }, () => {
  it('reaches the servers beside the running program, which notices nothing', async () => {
    const { json, cef, workplace, program, add, duo } = await place();
    add(10);
    await until('the events', () => json.received === 10 && cef.received === 10);
    const checked = start(['check', workplace.configFile, '--send-test']);
    expect(await checked.ended).toBe(0);
    const ids = [...checked.stdout().matchAll(/duologsync-test-[0-9a-f]{8}/g)].map(([id]) => id);
    expect(ids).toHaveLength(2);
    for (const [i, siem] of [json, cef].entries()) {
      const found = siem
        .lines()
        .map(String)
        .filter((line) => line.includes('duologsync-test-'));
      expect(found).toEqual([expect.stringContaining(ids[i] ?? '')]);
    }
    add(10);
    await until('further events', () => json.received === 21 && cef.received === 21);
    const received = json.lines().filter((line) => !line.includes('duologsync-test-'));
    const report = checkSequence({ sent: duo.ledger('auth'), received, format: 'json' });
    expect(report).toMatchObject({ lost: [], repeated: 0 });
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
  });

  it('works without the program too, for datagrams as well', async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    const udp = await startUdpReceiver();
    const workplace = await makeWorkplace(duo, [
      { id: 'grams', protocol: 'UDP', port: udp.port, endpoints: ['auth'] },
    ]);
    onTestFinished(async () => {
      await duo.close();
      await udp.stop();
      await workplace.remove();
    });
    const checked = start(['check', workplace.configFile, '--send-test', '--json']);
    expect(await checked.ended).toBe(0);
    const { test_events: tests } = JSON.parse(checked.stdout()) as {
      test_events: readonly { readonly id: string }[];
    };
    expect(tests).toMatchObject([{ server: 'grams', sent: true, confirmed: false }]);
    await until('the datagram', () => udp.lines().length === 1);
    expect(udp.lines().map(String)[0]).toContain(tests[0]?.id);
  });
});
