import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { forward, makeWorkplace, until, type Running } from '../helpers/program.ts';
import { ArchiveProgress, dayFiles, linesOf } from './archive-progress.ts';

const letters = {
  auth: 'a',
  telephony: 't',
  activity: 'c',
  adminaction: 'm',
  offline_enrollment: 'o',
} as const;
const logs = Object.keys(letters) as (keyof typeof letters)[];
const hourMs = 3_600_000;
/** So many parts are to be archived yet where a kill strikes: it comes late where this process gets no processor. */
const partsAhead = 3;
/** A kill strikes so long after the line that it waits for, at most: within a page or between two. */
const mostDelayMs = 20;

export interface ArchivePlan {
  readonly kills: number;
  /** Of all five logs, in 40 hours. */
  readonly events: number;
  /** Of auth, telephony and activity; the others have pages of up to 1,000. */
  readonly rowsPerPage: number;
}

export interface ArchiveOutcome {
  readonly report: Pick<SequenceReport, 'lost' | 'repeated' | 'malformed' | 'unknown'>;
  readonly events: number;
  /** How many kills came when the program had written lines since its start, and had more to write. */
  readonly struck: number;
  /** How often the files of a log were cut back after a kill. */
  readonly cuts: number;
  readonly files: number;
  /** Lines that lie in the file of another day than their own. */
  readonly misplaced: number;
  /** What is left open or half done: temporary files of the journals. */
  readonly leftovers: readonly string[];
  readonly seconds: number;
}

/**
 * Kills the program with -9 while events of five logs are archived, at moments that are spread over what is written
 * and not over time: one in each of `kills` equal parts, at a random line of it. Duo shows some parts more
 * than that, so none comes too late.
 */
export async function killWhileArchiving(plan: ArchivePlan): Promise<ArchiveOutcome> {
  const { kills, events, rowsPerPage } = plan;
  const startedMs = Date.now();
  const duo = await startDuo({ authority: createAuthority(), visibleDelayMs: 0, latencyMs: 10 });
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-archive-'));
  const directory = join(folder, 'duo');
  const workplace = await makeWorkplace(duo, [
    { id: 'archive', protocol: 'FILE', directory, endpoints: logs },
  ]);
  const parts = kills + partsAhead;
  const perPart = Math.floor(events / parts / logs.length);
  const partMs = (40 * hourMs) / parts;
  let part = 0;
  let shown = 0;
  const show = (count: number): void => {
    const fromMs = startedMs - 41 * hourMs + part * partMs;
    const firstSerial = 1 + part * perPart;
    const made = { count, fromMs, stepMs: partMs / count, firstSerial };
    for (const log of logs) duo.add(log, makeEvents(log, { ...made, letter: letters[log] }));
    shown += count * logs.length;
    part += 1;
  };
  // Small pages, so that a part is many steps and a kill strikes between any two of them.
  for (const endpoint of ['auth', 'telephony', 'activity'] as const)
    duo.faults.push({ kind: 'shortPage', rows: rowsPerPage, endpoint, when: () => true });
  const progress = new ArchiveProgress(directory);
  let struck = 0;
  let program: Running | undefined;
  try {
    for (let ahead = 0; ahead < partsAhead; ahead += 1) show(perPart);
    for (let kill = 0; kill < kills; kill += 1) {
      show(kill === kills - 1 ? Math.floor(events / logs.length) - perPart * (parts - 1) : perPart);
      const begin = await progress.lines();
      const line = Math.max(begin + 1, (kill + Math.random()) * perPart * logs.length);
      program = forward(workplace);
      await until('the line', async () => (await progress.lines()) >= line, 120_000, 2);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * mostDelayMs));
      await program.kill('SIGKILL');
      if ((await progress.lines()) < shown) struck += 1;
    }
    program = forward(workplace);
    await until(
      'everything to be archived',
      // A page that was cut back and written again between two looks may be counted wrong.
      async () =>
        (await progress.lines()) >= shown &&
        (await new ArchiveProgress(directory).lines()) >= shown,
      600_000,
      250,
    ).catch(() => undefined);
    await program.kill('SIGTERM');
    const log = await workplace.log();
    const found: Awaited<ReturnType<typeof checkLog>>[] = [];
    // One log after the other, because a million lines at once take gigabytes.
    for (const name of logs) found.push(await checkLog(join(directory, name), duo.ledger(name)));
    const journals = await readdir(join(directory, '.duologsync'));
    const report = {
      lost: found.flatMap(({ lost }) => lost),
      repeated: sumOf(found, ({ repeated }) => repeated),
      malformed: found.flatMap(({ malformed }) => malformed),
      unknown: found.flatMap(({ unknown }) => unknown),
    };
    if (report.lost.length > 0) console.log(log.split('\n').slice(-30).join('\n'));
    return {
      report,
      events: shown,
      struck,
      cuts: log.split('The archive is cut back to its checkpoint').length - 1,
      files: sumOf(found, ({ files }) => files),
      misplaced: sumOf(found, ({ misplaced }) => misplaced),
      leftovers: journals.filter((name) => !name.endsWith('.json')),
      seconds: Math.round((Date.now() - startedMs) / 1000),
    };
  } catch (error) {
    console.log((await workplace.log()).split('\n').slice(-100).join('\n'));
    throw error;
  } finally {
    await program?.kill();
    await duo.close();
    await workplace.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What lies in the folder of a log, against what Duo had. */
async function checkLog(
  folder: string,
  sent: readonly { serial: string }[],
): Promise<SequenceReport & { readonly files: number; readonly misplaced: number }> {
  const names = await dayFiles(folder);
  const received: string[] = [];
  let misplaced = 0;
  for (const name of names) {
    const lines = await linesOf(join(folder, name));
    const day = /(\d{4}-\d{2}-\d{2})\.log$/.exec(name)?.[1];
    for (const line of lines) {
      received.push(line);
      if (dayOf(line) !== day) misplaced += 1;
    }
  }
  const report = checkSequence({ sent, received, format: 'json' });
  return { ...report, files: names.length, misplaced };
}

function sumOf<T>(list: readonly T[], count: (one: T) => number): number {
  return list.reduce((sum, one) => sum + count(one), 0);
}

/** The UTC day in which the event of a line happened, by Duo's own fields. */
function dayOf(text: string): string | undefined {
  try {
    const row = JSON.parse(text) as Record<string, string | number>;
    const time = row['isotimestamp'] ?? row['ts'] ?? Number(row['timestamp']) * 1000;
    return new Date(time).toISOString().slice(0, 10);
  } catch {
    return undefined;
  }
}
