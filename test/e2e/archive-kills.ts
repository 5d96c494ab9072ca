import { readdir, readFile, rm } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { forward, makeWorkplace, until } from '../helpers/program.ts';

const logs = ['auth', 'telephony', 'activity', 'adminaction', 'offline_enrollment'] as const;
const letters = {
  auth: 'a',
  telephony: 't',
  activity: 'c',
  adminaction: 'm',
  offline_enrollment: 'o',
} as const;
const hourMs = 3_600_000;

export interface ArchiveOutcome {
  readonly report: SequenceReport;
  readonly events: number;
  /** How many kills came while something was still to be written. */
  readonly struck: number;
  /** How many restarts had something to cut back. */
  readonly cuts: number;
  readonly files: number;
  /** Lines that lie in the file of another day than their own. */
  readonly misplaced: number;
  /** What is left open or half done: temporary files of the journals. */
  readonly leftovers: readonly string[];
}

/**
 * `kills` times kill -9 at a random moment, up to `mostMs` after the first call to Duo, while `events` events of
 * 40 hours are archived.
 */
export async function killWhileArchiving(
  kills: number,
  events: number,
  rowsPerPage: number,
  mostMs: number,
): Promise<ArchiveOutcome> {
  const duo = await startDuo({ authority: createAuthority(), visibleDelayMs: 0, latencyMs: 10 });
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-archive-'));
  const directory = join(folder, 'duo');
  const workplace = await makeWorkplace(duo, [
    { id: 'archive', protocol: 'FILE', directory, endpoints: logs },
  ]);
  const perRound = Math.floor(events / (kills + 1) / logs.length);
  const roundMs = (40 * hourMs) / (kills + 1);
  const startMs = Date.now() - 41 * hourMs;
  let serial = 1;
  let round = 0;
  const add = (count: number): void => {
    const fromMs = startMs + round * roundMs;
    const plan = { count, fromMs, stepMs: roundMs / count, firstSerial: serial };
    for (const log of logs) duo.add(log, makeEvents(log, { ...plan, letter: letters[log] }));
    serial += count;
    round += 1;
  };
  // Small pages, so that a round is many steps and a kill strikes between any two of them.
  for (const endpoint of ['auth', 'telephony', 'activity'] as const)
    duo.faults.push({ kind: 'shortPage', rows: rowsPerPage, endpoint, when: () => true });
  const sent = (): { serial: string }[] => logs.flatMap((log) => duo.ledger(log));
  const lines = async (): Promise<number> =>
    [...(await dayFiles(directory)).values()].reduce((sum, found) => sum + found.length, 0);
  let struck = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const from = duo.journal.length;
      add(perRound);
      const program = forward(workplace);
      await until('the first call', () => duo.journal.length > from);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
      await program.kill('SIGKILL');
      if ((await lines()) < sent().length) struck += 1;
    }
    add(Math.floor(events / logs.length) - perRound * kills);
    const last = forward(workplace);
    await until(
      'everything to be archived',
      async () => (await lines()) >= sent().length,
      600_000,
    ).catch(() => undefined);
    await last.kill('SIGTERM');
    const files = await dayFiles(directory);
    const received = [...files.values()].flat();
    const report = checkSequence({ sent: sent(), received, format: 'json' });
    const log = await workplace.log();
    if (report.lost.length > 0) console.log(log.split('\n').slice(-30).join('\n'));
    const journals = await readdir(join(directory, '.duologsync'));
    return {
      report,
      events: sent().length,
      struck,
      cuts: log.split('The archive is cut back to its checkpoint').length - 1,
      files: files.size,
      misplaced: [...files].reduce((sum, [path, texts]) => sum + strangers(path, texts), 0),
      leftovers: journals.filter((name) => !name.endsWith('.json')),
    };
  } catch (error) {
    console.log(await workplace.log());
    throw error;
  } finally {
    await duo.close();
    await workplace.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every day file by its path, in lines; a last one without its end is a line, too. */
async function dayFiles(directory: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.log')).sort()) {
    const text = await readFile(join(directory, name), 'utf8');
    found.set(
      name.replaceAll('\\', '/'),
      text.split('\n').filter((line) => line !== ''),
    );
  }
  return found;
}

function strangers(path: string, texts: readonly string[]): number {
  const day = /(\d{4}-\d{2}-\d{2})\.log$/.exec(path)?.[1];
  return texts.filter((text) => dayOf(text) !== day).length;
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
