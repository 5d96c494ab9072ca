import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stateDirectory } from '../../src/checkpoint/state-directory.ts';
import { checkSequence } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import {
  forward,
  makeWorkplace,
  start,
  stoppedGently,
  until,
  type Running,
} from '../helpers/program.ts';
import { dayFiles, linesOf } from './archive-progress.ts';

/** In the order in which they are sent. */
const letters = { auth: 'a', telephony: 't', adminaction: 'm' } as const;
const logs = Object.keys(letters) as (keyof typeof letters)[];
const hourMs = 3_600_000;
/** A kill may repeat so many, as docs/archive.md says. */
const mostRepeated = 1_000;

export interface ReplayPlan {
  readonly kills: number;
  /** In the archive, of three logs. */
  readonly events: number;
  /** All of it, or its largest file. */
  readonly from: 'folder' | 'file';
  /** Whether the program itself runs meanwhile. */
  readonly live: boolean;
}

/**
 * In turn: before or with the first line, at a random line, and while a confirmation is noted. What was on its way is
 * lost with it, as if the machine had died, because the system would deliver a whole group after a kill.
 */
const moments = ['start', 'line', 'confirmed'] as const;
const mostStartMs = 800;
const mostNotingMs = 4;

/**
 * Archives events, and replays the archive by the built program, which is killed -9 so many times, spread over what
 * arrives, and started again by the same command until it ends. Resolves to how many lines came twice.
 */
export async function replayWithKills({ kills, events, from, live }: ReplayPlan): Promise<number> {
  let dying: Promise<unknown> | undefined;
  const hears = { line: (): void => undefined, end: (): void => undefined };
  const seen = new Set<string>();
  const cutOff: Buffer[] = [];
  const siem = await startTcpReceiver({
    onLine: (line) => {
      seen.add(serialIn(line.toString()) ?? '');
      hears.line();
    },
    // Nothing is confirmed to a process that is being killed.
    beforeClose: async () => void (await dying),
    onClose: (connection) => {
      cutOff.push(connection.cutOff);
      hears.end();
    },
  });
  const duo = await startDuo({ visibleDelayMs: 0 });
  const directory = await mkdtemp(join(tmpdir(), 'duologsync-replayed-'));
  const workplace = await makeWorkplace(duo, [
    { id: 'archive', protocol: 'FILE', directory, endpoints: logs },
    { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['activity'] },
  ]);
  const state = stateDirectory(workplace.state, duo.hostname);
  const started: Running[] = [];
  try {
    const count = Math.floor(events / logs.length);
    const made = { count, fromMs: Date.now() - 40 * hourMs, stepMs: (39 * hourMs) / count };
    for (const log of logs) duo.add(log, makeEvents(log, { ...made, letter: letters[log] }));
    const archiving = forward(workplace, '--once');
    started.push(archiving);
    expect(await archiving.ended).toBe(0);
    const program = live ? forward(workplace) : undefined;
    if (program !== undefined) started.push(program);
    const { place, sent } = await whatToSend(directory, from);
    const before = [await snapshot(directory), await snapshot(join(state, 'feeds'))];
    const command = ['replay', '-c', workplace.configFile, '--from', place, '--to', 'siem'];
    const replay = (): Running => {
      const replaying = start(command);
      started.push(replaying);
      return replaying;
    };
    for (let kill = 0; kill < kills; kill += 1) {
      const moment = moments[kill % moments.length];
      const line = ((kill + Math.random()) * sent.length) / (kills + 1);
      // The last confirmation is followed by nothing that a kill could meet.
      const far = moment === 'confirmed' ? Math.min(line, sent.length - 2 * mostRepeated) : line;
      const { process: victim, ended, stderr } = replay();
      const strike = (): void => {
        if (dying === ended) return;
        siem.behaviour.discard = true;
        dying = ended;
        victim.kill('SIGKILL');
      };
      let timer: NodeJS.Timeout | undefined;
      const strikeWithin = (mostMs: number): void => {
        timer ??= setTimeout(strike, Math.random() * mostMs);
      };
      if (moment === 'start') strikeWithin(mostStartMs);
      hears.line = () => {
        if (moment === 'start' || (moment === 'line' && seen.size >= far)) strike();
      };
      hears.end = () => {
        if (moment === 'confirmed' && seen.size >= far) strikeWithin(mostNotingMs);
      };
      // A kill that finds nothing under way proves nothing.
      expect([await ended, stderr()]).toEqual(['SIGKILL', '']);
      clearTimeout(timer);
      hears.line = hears.end = () => undefined;
      await until('its last connection to end', () => siem.connections.open === 0);
      siem.behaviour.discard = false;
    }
    const last = replay();
    expect([await last.ended, last.stderr()]).toEqual([0, '']);
    expect([await snapshot(directory), await snapshot(join(state, 'feeds'))]).toEqual(before);
    if (program !== undefined) expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    const left = await readdir(state, { recursive: true });
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const progress = await readFile(join(state, 'replays.json'), 'utf8');
    expect(JSON.parse(progress)).toEqual({ format: 1, replays: {} });
    const rows = sent.map((serial) => ({ serial }));
    const received = siem.lines();
    const report = checkSequence({ sent: rows, received, cutOff, format: 'json' });
    const { lost, repeated, reordered, malformed, unknown } = report;
    expect({ lost, reordered, malformed, unknown }).toEqual({
      lost: [],
      reordered: 0,
      malformed: [],
      unknown: [],
    });
    expect(repeated).toBeLessThanOrEqual(kills * mostRepeated);
    return repeated;
  } finally {
    for (const one of started) await one.kill();
    await Promise.all([duo.close(), siem.stop()]);
    await workplace.remove();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The path for the command, and the serials of its lines in their order. */
async function whatToSend(
  directory: string,
  from: ReplayPlan['from'],
): Promise<{ place: string; sent: string[] }> {
  const files: string[] = [];
  for (const log of logs)
    for (const name of await dayFiles(join(directory, log))) files.push(join(directory, log, name));
  const serials = new Map<string, string[]>();
  for (const file of files)
    serials.set(
      file,
      (await linesOf(file)).map((line) => serialIn(line) ?? ''),
    );
  const all = [...serials];
  if (from === 'folder') return { place: directory, sent: all.flatMap(([, sent]) => sent) };
  const [place = '', sent = []] = all.sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  return { place, sent };
}

/** Every file below a folder: its time and its bytes. */
async function snapshot(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const files: string[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    const found = await stat(path);
    const bytes = found.isFile() ? await readFile(path) : '';
    const hash = createHash('sha256').update(bytes).digest('hex');
    files.push(`${name} ${found.mode} ${found.mtimeMs} ${hash}`);
  }
  return files;
}
