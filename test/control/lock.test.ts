import { mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, type Lock } from '../../src/control/lock.ts';
import { probe } from '../../src/control/probe.ts';
import { writeRacer, Racer } from './lock-process.ts';

const describeMe = () => ({ pid: 4711, since: '2026-02-13T18:56:20Z', version: '3.0.0' });
let compiled: string;
let program: string;
let directory: string;
let state: string;
let racers: Racer[];
let locks: Lock[];

beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'lock-program-'));
  program = await writeRacer(compiled);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'lock-')));
  state = join(directory, 'state');
  await mkdir(state);
  racers = [];
  locks = [];
});
afterEach(async () => {
  await Promise.all([...racers.map((racer) => racer.kill()), ...locks.map((l) => l.release())]);
  await rm(directory, { recursive: true, force: true });
});

async function acquire(options: object = {}): Promise<Lock> {
  const lock = await acquireLock({ stateDirectory: state, describe: describeMe, ...options });
  locks.push(lock);
  return lock;
}

async function newRacers(count: number): Promise<Racer[]> {
  const fresh = Array.from({ length: count }, () => new Racer(program));
  racers.push(...fresh);
  return Promise.all(fresh.map((racer) => racer.ready()));
}

describe.runIf(process.platform !== 'win32')('the lock of a state directory', () => {
  it('tells whoever connects who holds it, in one JSON line', async () => {
    const lock = await acquire();
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(lock.path);
      socket.on('data', (chunk) => (received += chunk.toString()));
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toBe(`${JSON.stringify(describeMe())}\n`);
    expect(lock.path).toBe(join(state, 's'));
    expect((await stat(lock.path)).mode & 0o777).toBe(0o600);
  });

  it('turns a second process away, naming the first', async () => {
    await acquire();
    await expect(acquire()).rejects.toMatchObject({
      code: 'already_running',
      remedy: 'stop',
      message: expect.stringMatching(/pid 4711, since 2026-02-13T18:56:20Z/) as string,
    });
    expect(await readdir(state)).toEqual(['s']);
  });

  it('is free again after release, and nothing is left', async () => {
    const first = await acquire();
    await first.release();
    expect(await readdir(state)).toEqual([]);
    expect((await acquire()).path).toBe(first.path);
  });

  it('is taken over from a process that was killed, at once', async () => {
    const [racer] = await newRacers(1);
    expect(await racer?.race(state, directory)).toMatchObject({ won: true });
    await expect(acquire()).rejects.toThrow(`pid ${racer?.pid}`);
    await racer?.kill();
    expect(await readdir(state)).toEqual(['s']);
    await acquire();
    expect((await probe(join(state, 's'))).live).toBe(true);
  });

  it('goes to exactly one of ten that race for the socket of a killed process', async () => {
    for (let round = 0; round < 3; round += 1) {
      const all = await newRacers(10);
      const results = await Promise.all(all.map((racer) => racer.race(state, directory)));
      expect(results.filter(({ won }) => won)).toHaveLength(1);
      const winner = all[results.findIndex(({ won }) => won)];
      for (const { won, code, message } of results) {
        if (!won) expect({ code, message }).toMatchObject({ code: 'already_running' });
      }
      await expect(acquire()).rejects.toThrow(`pid ${winner?.pid}`);
      await Promise.all(all.map((racer) => racer.kill()));
    }
  });

  it('stays with a process that is paused and does not answer', async () => {
    const [racer] = await newRacers(1);
    await racer?.race(state, directory);
    racer?.signal('SIGSTOP');
    await expect(acquire()).rejects.toThrow(/does not say its pid/);
    racer?.signal('SIGCONT');
  });

  it('is one lock, whatever the spelling of the path and the TMPDIR of the process', async () => {
    state = join(directory, 'a'.repeat(80), 'b'.repeat(60));
    await mkdir(state, { recursive: true });
    const other = join(directory, 'other');
    await mkdir(other);
    const lock = await acquire({ tmpdir: directory });
    expect(Buffer.byteLength(lock.path)).toBeLessThanOrEqual(100);
    expect((await stat(join(lock.path, '..'))).mode & 0o777).toBe(0o700);
    await expect(acquire({ tmpdir: other })).rejects.toMatchObject({ code: 'already_running' });
    const same = join(state, '..', 'b'.repeat(60));
    await expect(acquire({ stateDirectory: same })).rejects.toMatchObject({
      code: 'already_running',
    });
  });

  it('replaces a plain file that lies at its place', async () => {
    await writeFile(join(state, 's'), 'not a socket');
    await acquire();
    expect((await probe(join(state, 's'))).live).toBe(true);
  });

  it('says what to do when it cannot be placed', async () => {
    await expect(acquire({ stateDirectory: join(directory, 'missing') })).rejects.toMatchObject({
      code: 'lock_unusable',
      remedy: 'stop',
    });
  });
});

describe('the lock on Windows', () => {
  it('is a named pipe that the kernel gives to one process', async () => {
    const before = process.cwd();
    process.chdir(directory);
    try {
      const lock = await acquire({ platform: 'win32' });
      expect(lock.path).toMatch(/^\\\\\.\\pipe\\duologsync-[0-9a-f]{16}$/);
      await expect(acquire({ platform: 'win32' })).rejects.toMatchObject({
        code: 'already_running',
      });
      await lock.release();
      await acquire({ platform: 'win32' });
      await locks.pop()?.release();
    } finally {
      process.chdir(before);
    }
  });
});
