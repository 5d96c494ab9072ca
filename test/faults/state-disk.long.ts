import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mainFile, until } from '../helpers/program.ts';
import { openPlace } from './process-place.ts';

/** A mount of one's own needs a user namespace; some machines and containers allow none. */
const canMount = spawnSync('unshare', ['-r', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status;

it.runIf(canMount === 0)(
  'a disk of 256 kB that really gets full holds the feed and the log, and both go on when there is room',
  async () => {
    const place = await openPlace();
    const { workplace, siem, add, check } = place;
    const { state, configFile, logFile } = workplace;
    await mkdir(state);
    await symlink(join(state, 'duologsync.log'), logFile);
    const mounted = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"';
    const run = [
      process.execPath,
      mainFile,
      'run',
      configFile,
      '--interval',
      '1',
      '--rate',
      '6000',
    ];
    const program = spawn('unshare', ['-r', '-m', 'sh', '-c', mounted, 'sh', state, ...run], {
      stdio: 'ignore',
    });
    const ended = once(program, 'close');
    // The program's own view of its disk.
    const inside = `/proc/${program.pid}/root`;
    const log = (): Promise<string> =>
      readFile(join(inside, state, 'duologsync.log'), 'utf8').catch(() => '');
    const filler = join(inside, state, 'filler');
    const feeds = join(inside, place.state, 'feeds');
    const names = (): Promise<string[]> => readdir(feeds).catch(() => []);
    const allThere = (): Promise<void> =>
      until('all to arrive', () => check().lost.length === 0, 60_000);
    try {
      add(10);
      await allThere();
      // A full disk would hold up this page, and not the next.
      await until('the first page to be remembered', async () => {
        const last = place.duo.ledger('auth').at(-1)?.id ?? '';
        const texts = (await names()).map((name) =>
          readFile(join(feeds, name), 'utf8').catch(() => ''),
        );
        return (await Promise.all(texts)).some((text) => text.includes(last));
      });
      expect(await readFile(logFile, 'utf8').catch(() => '')).toBe('');
      for (const bytes of [4096, 1]) {
        const full = async (): Promise<boolean> =>
          appendFile(filler, Buffer.alloc(bytes)).then(
            () => false,
            () => true,
          );
        while (!(await full()));
      }
      add(10);
      await allThere();
      add(10);
      await sleep(5_000);
      expect(siem.lines()).toHaveLength(20);
      await rm(filler);
      await allThere();
      await until(
        'the log to go on',
        async () => {
          return (await log()).includes('checkpoint_write_failed');
        },
        60_000,
      );
      expect(check()).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
    } finally {
      program.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      await place.close();
    }
  },
);
