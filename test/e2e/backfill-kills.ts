import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { forward, makeWorkplace, type Running, start, until } from '../helpers/program.ts';

const logs = ['auth', 'activity', 'adminaction'] as const;
const letters = { auth: 'a', activity: 'c', adminaction: 'm' } as const;
const hourMs = 3_600_000;
/** What each live feed says once for each start; it says more, of trouble and of what it catches up. */
const begun = / INFO The feed (?:goes on|has no checkpoint)/;

export interface BackfillOutcome {
  /** Events of the range that never came. */
  readonly lost: { readonly json: number; readonly cef: number; readonly archive: number };
  /** How often one of them came again. */
  readonly repeated: { readonly json: number; readonly cef: number; readonly archive: number };
  /** What a page for each feed and kill allows. */
  readonly allowedRepeats: number;
  /** Live events that did not come, or not once. */
  readonly live: {
    readonly lostInArchive: number;
    readonly lostInJson: number;
    readonly repeatedInArchive: number;
  };
  /** How many kills came while something was left. */
  readonly struck: number;
  /** Lines in the file of another day than their own. */
  readonly misplaced: number;
}

/**
 * A backfill of days of three logs to a JSON, a CEF and a FILE server beside a live feed that gets new events and
 * writes into the same day's files, killed -9 `kills` times with the program; then to its end.
 */
export async function killWhileBackfilling(
  kills: number,
  events: number,
  rowsPerPage: number,
  mostMs: number,
): Promise<BackfillOutcome> {
  const duo = await startDuo({ authority: createAuthority(), visibleDelayMs: 0, latencyMs: 15 });
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-backfill-'));
  const directory = join(folder, 'duo');
  const [json, cef] = await Promise.all([startTcpReceiver(), startTcpReceiver()]);
  // The live feeds begin now: their events and the last ones of the backfill share the files of a day.
  const more = 'offset: 0';
  const workplace = await makeWorkplace(
    duo,
    [
      { id: 'json', protocol: 'TCP', port: json.port, endpoints: logs, more },
      { id: 'cef', protocol: 'TCP', port: cef.port, endpoints: logs, format: 'CEF', more },
      { id: 'archive', protocol: 'FILE', directory, endpoints: logs, more },
    ],
    ['lookback_minutes: 1', 'reread_minutes: 1', 'requests_per_minute: 6000'],
  );
  const untilMs = Math.floor(Date.now() / 1_000) * 1_000 - 10_000;
  const sinceMs = untilMs - 30 * hourMs;
  const each = Math.floor(events / logs.length);
  const stepMs = (untilMs - sinceMs) / each;
  const wanted = new Set<string>();
  for (const log of logs) {
    const plan = { letter: letters[log], stepMs };
    // One behind and one before the range: they must not come.
    const made = makeEvents(log, { ...plan, count: each + 2, fromMs: sinceMs - stepMs });
    duo.add(log, made);
    for (const { serial, timeUs } of made)
      if (timeUs >= sinceMs * 1000 && timeUs < untilMs * 1000) wanted.add(serial);
  }
  for (const endpoint of ['auth', 'activity'] as const)
    duo.faults.push({ kind: 'shortPage', rows: rowsPerPage, endpoint, when: () => true });
  let serial = 1;
  const lively = new Set<string>();
  const addLive = (): void => {
    for (const log of logs) {
      const plan = { count: 5, stepMs: 0, firstSerial: serial, letter: 'l' };
      const made = makeEvents(log, { ...plan, fromMs: Date.now() - 10 });
      duo.add(log, made);
      for (const one of made) lively.add(one.serial);
      serial += 5;
    }
  };
  const started: Running[] = [];
  const command = (): Running => {
    const running = start([
      ...['backfill', workplace.configFile, '--since', new Date(sinceMs).toISOString()],
      ...['--until', new Date(untilMs).toISOString(), '--json'],
    ]);
    started.push(running);
    return running;
  };
  const texts = (): Record<'json' | 'cef', string[]> => ({
    json: json.lines().map((line) => line.toString()),
    cef: cef.lines().map((line) => line.toString()),
  });
  // Each has begun, a second ago: what is added then is theirs, also where Duo counts in seconds.
  let starts = 0;
  const startProgram = async (): Promise<Running> => {
    const program = forward(workplace);
    started.push(program);
    starts += 1;
    await until(
      'the live feeds',
      async () => (await workplace.log()).split(begun).length > starts * 9,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    return program;
  };
  let struck = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const program = await startProgram();
      addLive();
      const shown = command();
      await until('the backfill to begin', async () => {
        return (await workplace.log()).split('A backfill begins or goes on').length > kill + 1;
      });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
      addLive();
      await program.kill('SIGKILL');
      if ((await shown.ended) === 0) break;
      struck += 1;
    }
    const last = await startProgram();
    addLive();
    const code = await command().ended;
    if (code !== 0) throw new Error(`the last run ended with ${code}`);
    addLive();
    const files = async () => dayFiles(directory);
    const linesOf = async (): Promise<string[]> => [...(await files()).values()].flat();
    await until(
      'the live events',
      async () => {
        const archived = new Set((await linesOf()).map((text) => serialIn(text)));
        const come = new Set(texts().json.map((text) => serialIn(text)));
        return [...lively].every((one) => archived.has(one) && come.has(one));
      },
      60_000,
    ).catch(() => undefined);
    await last.kill('SIGTERM');
    const archived = await linesOf();
    const { json: inJson, cef: inCef } = texts();
    const counts = { json: count(inJson), cef: count(inCef), archive: count(archived) };
    const lostIn = (of: ReadonlyMap<string, number>): number =>
      [...wanted].filter((one) => !of.has(one)).length;
    const repeatedIn = (of: ReadonlyMap<string, number>): number =>
      [...wanted].reduce((sum, one) => sum + Math.max(0, (of.get(one) ?? 0) - 1), 0);
    const strangers = [...counts.archive.keys()].filter(
      (one) => !wanted.has(one) && !lively.has(one),
    );
    if (strangers.length > 0) throw new Error(`not asked for: ${strangers.join(', ')}`);
    if (lostIn(counts.json) > 0)
      console.log((await workplace.log()).split('\n').slice(-40).join('\n'));
    return {
      lost: {
        json: lostIn(counts.json),
        cef: lostIn(counts.cef),
        archive: lostIn(counts.archive),
      },
      repeated: {
        json: repeatedIn(counts.json),
        cef: repeatedIn(counts.cef),
        archive: repeatedIn(counts.archive),
      },
      allowedRepeats: kills * (2 * rowsPerPage + 1_000),
      live: {
        lostInArchive: [...lively].filter((one) => !counts.archive.has(one)).length,
        lostInJson: [...lively].filter((one) => !counts.json.has(one)).length,
        repeatedInArchive: [...lively].filter((one) => (counts.archive.get(one) ?? 0) > 1).length,
      },
      struck,
      misplaced: [...(await files())].reduce((sum, [path, of]) => sum + misplaced(path, of), 0),
    };
  } catch (error) {
    console.log((await workplace.log()).split('\n').slice(-60).join('\n'));
    throw error;
  } finally {
    for (const one of started) await one.kill();
    await Promise.all([duo.close(), json.stop(), cef.stop()]);
    await workplace.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

function count(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const serial = serialIn(line);
    if (serial !== undefined) counts.set(serial, (counts.get(serial) ?? 0) + 1);
  }
  return counts;
}

async function dayFiles(directory: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.log')).sort()) {
    const text = await readFile(join(directory, name), 'utf8');
    found.set(
      name,
      text.split('\n').filter((line) => line !== ''),
    );
  }
  return found;
}

function misplaced(path: string, texts: readonly string[]): number {
  const day = /(\d{4}-\d{2}-\d{2})\.log$/.exec(path)?.[1];
  return texts.filter((text) => {
    const row = JSON.parse(text) as Record<string, string | number>;
    const time = row['isotimestamp'] ?? row['ts'] ?? Number(row['timestamp']) * 1000;
    return new Date(time).toISOString().slice(0, 10) !== day;
  }).length;
}
