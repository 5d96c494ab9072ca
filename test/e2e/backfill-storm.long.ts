import { expect, it } from 'vitest';
import type { BackfillProgress } from '../../src/backfill/progress.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { makeWorkplace, start, until } from '../helpers/program.ts';

const dayMs = 86_400_000;

it('a backfill bears Duo’s limit: nothing lost, nothing twice, and live events come meanwhile', async () => {
  const rateLimit = { perMinute: 15, rejectedCallsCount: true };
  const duo = await startDuo({ visibleDelayMs: 0, rateLimit });
  const siem = await startTcpReceiver();
  const workplace = await makeWorkplace(duo, [
    { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] },
  ]);
  const fromMs = Date.now() - 9 * dayMs;
  duo.add('auth', makeEvents('auth', { count: 500, fromMs, letter: 'a' }));
  duo.faults.push({ kind: 'shortPage', rows: 15, endpoint: 'auth', when: () => true });
  const serials = (letter: string): string[] =>
    siem
      .lines()
      .map((line) => serialIn(line.toString()) ?? '')
      .filter((serial) => serial.startsWith(letter));
  const program = start(['run', workplace.configFile, '--interval', '60']);
  try {
    await until('the live feed', () => duo.journal.length > 0);
    const shown = start([
      ...['backfill', workplace.configFile, '--since', '10d', '--until', '8d', '--json'],
    ]);
    await until('some of it', () => serials('a').length > 100);
    duo.add('auth', makeEvents('auth', { count: 3, fromMs: Date.now(), stepMs: 0, letter: 'l' }));
    await until('the live events', () => serials('l').length === 3, 240_000);
    expect(serials('a').length).toBeLessThan(500);
    expect(await shown.ended).toBe(0);
    const told = JSON.parse(shown.stdout()) as BackfillProgress;
    console.log(JSON.stringify([told.elapsed_seconds, told.duo, serials('a').length]));
    expect(told.duo.limited).toBeGreaterThan(0);
    expect(new Set(serials('a')).size).toBe(500);
    expect(serials('a')).toHaveLength(500);
  } finally {
    await program.kill('SIGKILL');
    await Promise.all([duo.close(), siem.stop()]);
    await workplace.remove();
  }
}, 900_000);
