import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { mainFile, makeWorkplace, until } from '../helpers/program.ts';

/** A mount of one's own needs a user namespace; some machines and containers allow none. */
const canMount = spawnSync('unshare', ['-r', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status;

it.runIf(canMount === 0)(
  'an archive on a disk of 512 kB that really gets full is held, and has each event once when there is room',
  async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    const folder = `${duo.hostname.replace(/\W/g, '-')}-archive`;
    const workplace = await makeWorkplace(duo, [
      { id: 'archive', protocol: 'FILE', directory: `/mnt/${folder}`, endpoints: ['auth'] },
    ]);
    const mounted = 'mount -t tmpfs -o size=512k none /mnt && exec "$@"';
    const run = ['run', workplace.configFile, '--interval', '1', '--rate', '6000'];
    const program = spawn(
      'unshare',
      ['-r', '-m', 'sh', '-c', mounted, 'sh', process.execPath, mainFile, ...run],
      { stdio: 'ignore' },
    );
    const ended = once(program, 'close');
    // The program's own view of its disk.
    const disk = join(`/proc/${program.pid}/root`, '/mnt');
    const filler = join(disk, 'filler');
    let serial = 1;
    const add = (count: number): void => {
      duo.add(
        'auth',
        makeEvents('auth', { count, fromMs: Date.now(), stepMs: 0, firstSerial: serial }),
      );
      serial += count;
    };
    const check = async (): Promise<SequenceReport> => {
      const auth = join(disk, folder, 'auth');
      const names = await readdir(auth).catch(() => []);
      const texts = await Promise.all(names.map((name) => readFile(join(auth, name), 'utf8')));
      const received = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
      return checkSequence({ sent: duo.ledger('auth'), received, format: 'json' });
    };
    const allThere = (): Promise<void> =>
      until('all to be archived', async () => (await check()).lost.length === 0, 60_000);
    try {
      add(10);
      await allThere();
      // But for a few kB, so that a page fits in part.
      await appendFile(filler, Buffer.alloc(460_000));
      add(150);
      await until(
        'the log to say so',
        async () => (await workplace.log()).includes('archive_full'),
        60_000,
      );
      // Not a line of the page is there: what fitted was cut off again. A look can fall into a try that writes.
      await until('the page to be cut off', async () => {
        const { lost, malformed, repeated } = await check();
        return lost.length === 150 && malformed.length === 0 && repeated === 0;
      });
      await rm(filler);
      await allThere();
      expect(await check()).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
      expect(await workplace.log()).toContain('server is back');
    } finally {
      program.kill('SIGTERM');
      await ended;
      await duo.close();
      await workplace.remove();
    }
  },
);
