import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { forward, hasSignals, makeWorkplace, start, until } from '../helpers/program.ts';

interface Answer {
  readonly exit: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

async function place() {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const siems: StreamReceiver[] = [await startTcpReceiver(), await startTcpReceiver()];
  const [first, second] = siems.map(({ port }) => port);
  const workplace = await makeWorkplace(duo, [
    { id: 'siem', protocol: 'TCP', port: first ?? 0, endpoints: ['auth', 'activity'] },
    { id: 'archive', protocol: 'TCP', port: second ?? 0, endpoints: ['auth'] },
  ]);
  onTestFinished(async () => {
    await duo.close();
    for (const siem of siems) await siem.stop();
    await workplace.remove();
  });
  const run = async (command: string, ...more: readonly string[]): Promise<Answer> => {
    const running = start([command, workplace.configFile, ...more]);
    const exit = await running.ended;
    return { exit, out: running.stdout(), err: running.stderr() };
  };
  const edit = async (from: string | RegExp, to: string): Promise<void> => {
    const text = await readFile(workplace.configFile, 'utf8');
    const edited = text.replace(from, to);
    expect(edited).not.toBe(text);
    await writeFile(workplace.configFile, edited);
  };
  let serial = 1;
  const more = (count: number, log: 'auth' | 'activity' = 'auth'): void => {
    const plan = { count, fromMs: Date.now() - 1_000, stepMs: 1, firstSerial: serial };
    duo.add(log, makeEvents(log, plan));
    serial += count;
  };
  return { duo, siems, workplace, run, edit, more };
}

const has = (siem: StreamReceiver | undefined, lines: number) => (): boolean =>
  (siem?.received ?? 0) >= lines;

describe('an admin', { timeout: 120_000 }, () => {
  it('validates, checks, starts, sees an outage and its end, edits, reloads, pauses, resumes and stops', async () => {
    const { duo, siems, workplace, run, edit, more } = await place();
    const [siem, archive] = siems;
    expect((await run('validate')).exit).toBe(0);
    expect((await run('check')).exit).toBe(0);
    expect(await run('status')).toMatchObject({ exit: 69 });

    const program = forward(workplace);
    onTestFinished(async () => void (await program.kill('SIGKILL')));
    more(20);
    await until('the first events', () => has(siem, 20)() && has(archive, 20)());
    await until('a healthy status', async () => (await run('status')).exit === 0);

    await archive?.stop();
    more(5);
    await until('a status that tells of the outage', async () => {
      const { exit, out } = await run('status');
      return exit === 1 && out.includes('archive') && out.includes('refuse');
    });
    await until('the other server to go on', has(siem, 25));
    await archive?.start();
    await until('a healthy status again', async () => (await run('status')).exit === 0);
    await until('what had waited', has(archive, 25));

    // The format of one server changes: its feed alone starts anew.
    await edit(/(id: archive[^]*?log_format: )JSON/, '$1CEF');
    const reloaded = await run('reload');
    expect(reloaded).toMatchObject({ exit: 0 });
    expect(reloaded.out).toMatch(/restarted +auth > archive/);
    expect(reloaded.out).toContain('1 feed changed, 2 undisturbed');
    more(5);
    await until('events in the new format', () =>
      (archive?.lines() ?? []).some((line) => line.includes('CEF:0|')),
    );

    await edit('port:', 'prot:');
    const broken = await run('reload');
    expect(broken.exit).toBe(78);
    expect(broken.err).toContain('validate');
    more(5);
    await until('the old config to go on', has(siem, 35));
    const degraded = await run('status');
    expect(degraded.exit).toBe(1);
    expect(degraded.out).toContain('config.yml');
    await edit('prot:', 'port:');
    if (hasSignals) {
      program.process.kill('SIGHUP');
      await until('a healthy status after SIGHUP', async () => (await run('status')).exit === 0);
    } else {
      expect((await run('reload')).exit).toBe(0);
    }

    expect(await run('pause', '--endpoint', 'auth')).toMatchObject({ exit: 0 });
    more(5);
    more(3, 'activity');
    await until('the log that is not paused', has(siem, 38));
    expect((await run('status')).exit).toBe(1);
    expect(siem?.received).toBe(38);
    expect(await run('resume')).toMatchObject({ exit: 0 });
    await until('what was paused', has(siem, 43));
    expect(await run('pause', '--endpoint', 'telephony')).toMatchObject({ exit: 2 });

    expect(await run('stop', '--wait')).toMatchObject({ exit: 0 });
    expect(await program.ended).toBe(0);
    expect(await run('status')).toMatchObject({ exit: 69 });
    const report = checkSequence({
      sent: [...duo.ledger('auth'), ...duo.ledger('activity')],
      received: siem?.lines() ?? [],
      format: 'json',
    });
    expect(report).toMatchObject({ lost: [], repeated: 0 });
  });

  it('adds and removes a server while the program runs; the others notice nothing', async () => {
    const { siems, workplace, run, edit, more } = await place();
    const [siem, archive] = siems;
    const whole = await readFile(workplace.configFile, 'utf8');
    const mapping = /\n {4}- endpoints: \[auth\]\n {6}server: archive/;
    await edit(mapping, '');
    const program = forward(workplace);
    onTestFinished(async () => void (await program.kill('SIGKILL')));
    more(10);
    await until('the first events', has(siem, 10));
    await writeFile(workplace.configFile, whole);
    const added = await run('reload');
    expect(added.out).toMatch(/started +auth > archive/);
    await until('all of it at the new server', has(archive, 10));
    await edit(mapping, '');
    const removed = await run('reload');
    expect(removed.out).toMatch(/stopped +auth > archive/);
    more(10);
    await until('the rest', has(siem, 20));
    expect([siem?.received, archive?.received]).toEqual([20, 10]);
    expect(await program.kill('SIGTERM')).toBe(hasSignals ? 0 : 'SIGTERM');
  });
});
