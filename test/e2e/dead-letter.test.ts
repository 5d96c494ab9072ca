import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stateDirectory } from '../../src/checkpoint/state-directory.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';
import { resendWithKills } from './dead-letter-kills.ts';
import { forward, makeWorkplace, start, until } from '../helpers/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('dead letters', () => {
  it('are sent to another server while the program runs, each once, and go from the file', async () => {
    const [duo, udp, tcp] = [
      await startDuo({ visibleDelayMs: 0 }),
      await startUdpReceiver(),
      await startTcpReceiver(),
    ];
    const workplace = await makeWorkplace(duo, [
      { id: 'udp', protocol: 'UDP', port: udp.port, endpoints: ['auth'] },
      { id: 'tcp', protocol: 'TCP', port: tcp.port, endpoints: ['activity'] },
    ]);
    closers.push(
      () => duo.close(),
      () => udp.stop(),
      () => tcp.stop(),
      () => workplace.remove(),
    );
    const file = join(stateDirectory(workplace.state, duo.hostname), 'dead-letters.jsonl');
    const putAside = async (): Promise<number> =>
      (await readFile(file, 'utf8').catch(() => '')).split('\n').length - 1;
    const addLong = (firstSerial: number): void => {
      const plan = { count: 20, fromMs: Date.now() - 1_000, stepMs: 0, bodyBytes: 70_000 };
      duo.add('auth', makeEvents('auth', { ...plan, firstSerial }));
    };
    const resend = async (): Promise<string> => {
      const command = ['dead-letter', 'resend', '--to', 'tcp', '-c', workplace.configFile];
      const running = start(command);
      closers.push(() => running.kill());
      expect([await running.ended, running.stderr()]).toEqual([0, expect.any(String)]);
      return running.stdout();
    };
    addLong(1);
    const program = forward(workplace);
    closers.push(() => program.kill());
    await until('the letters', async () => (await putAside()) === 20);
    expect(await resend()).toBe('20 sent and confirmed by tcp\n');
    addLong(21);
    await until('more letters', async () => (await putAside()) === 40);
    expect(await resend()).toBe('20 sent and confirmed by tcp\n');
    const serials = tcp.lines().map((line) => /u\d{8}/.exec(line.toString())?.[0]);
    expect(serials).toHaveLength(40);
    expect(new Set(serials).size).toBe(40);
    expect(udp.lines()).toEqual([]);
    await program.kill('SIGTERM');
    const next = forward(workplace);
    closers.push(() => next.kill());
    await until('an empty file', async () => (await putAside()) === 0);
  });

  it('that are being sent again outlive a kill at any moment: none is lost, and the repeats are bounded', async () => {
    await resendWithKills(2_500, 2);
  });
});
