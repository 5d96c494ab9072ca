import type { Clock } from '../../core/clock.ts';
import { datedPaths, type Period } from '../../core/dated-paths.ts';
import { asForwarderError, systemCode } from '../../core/errors.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { Logger } from '../../core/log.ts';
import type { ArchiveLayout } from '../../core/path-template.ts';
import type { Disk } from './disk.ts';
import type { ArchiveFolder } from './folder.ts';

export interface RetentionTools {
  /** The server's id, for the log. */
  readonly server: string;
  readonly layout: ArchiveLayout;
  readonly days: number;
  readonly folder: ArchiveFolder;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps a feed's own writes away meanwhile. */
  readonly alone: (feedId: string, work: () => Promise<void>) => Promise<void>;
}

const dayMs = 86_400_000;

/** Removes old files now and once a day, until the signal. Never rejects: what fails is logged and tried the next day. */
export async function keepTidy(tools: RetentionTools, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await removeOld(tools, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { message, hint } = asForwarderError(error);
      tools.log.warn('Old files of the archive can not be removed; the next try is tomorrow', {
        server: tools.server,
        message,
        hint:
          hint ??
          'Give the user that runs duologsync the right to remove files there, or remove them by hand.',
      });
    }
    await tools.clock.sleep(dayMs, signal);
  }
}

/**
 * Removes the files whose time ended more than so many days ago, of the feeds that have a journal here. Ago is
 * counted from the newest day of the archive: a clock that is years ahead removes nothing.
 */
export async function removeOld(tools: RetentionTools, signal: AbortSignal): Promise<void> {
  const { days, clock } = tools;
  const found = await datedFiles(tools);
  const newestMs = found.reduce((newest, { period }) => Math.max(newest, period.toMs), 0);
  const beforeMs = Math.min(clock.nowMs(), newestMs) - days * dayMs;
  const failures: unknown[] = [];
  for (const file of found.filter(({ period }) => period.toMs <= beforeMs)) {
    if (signal.aborted) return;
    await tools
      .alone(file.feedId, () => remove(file, tools))
      .catch((error: unknown) => {
        // Moved away meanwhile; any other does not keep the rest.
        if (systemCode(error) !== 'ENOENT') failures.push(error);
      });
  }
  if (failures.length > 0) throw failures[0];
}

interface DatedFile {
  readonly feedId: string;
  readonly path: string;
  readonly period: Period;
}

async function datedFiles(tools: RetentionTools): Promise<readonly DatedFile[]> {
  const { folder, layout } = tools;
  const found: DatedFile[] = [];
  for (const name of await folder.journalNames()) {
    const journal = await folder.readJournal(name).catch(() => undefined);
    if (journal === undefined) continue;
    const { segments, periodOf } = datedPaths(layout, journal);
    for await (const path of matching(segments, '', tools)) {
      const period = periodOf(path);
      if (period !== undefined) found.push({ feedId: journal.feedId, path, period });
    }
  }
  return found;
}

async function remove({ path, period }: DatedFile, tools: RetentionTools): Promise<void> {
  const { folder, disk, log, server, days } = tools;
  const absolute = folder.absolute(path);
  // Neither a link nor a folder, whatever its name is.
  if (!(await disk.lstat(absolute)).isFile()) return;
  await disk.unlink(absolute);
  folder.forget();
  log.info('An old file of the archive is removed', {
    server,
    file: absolute,
    held_events_until: isoTime(period.toMs),
    retention_days: days,
  });
}

/** The paths below `path` whose names look right, through real folders only. */
async function* matching(
  segments: readonly RegExp[],
  path: string,
  tools: RetentionTools,
): AsyncGenerator<string> {
  const [first, ...rest] = segments;
  if (first === undefined) {
    yield path;
    return;
  }
  const { folder, disk } = tools;
  const absolute = path === '' ? folder.directory : folder.absolute(path);
  if (path !== '' && !(await disk.lstat(absolute)).isDirectory()) return;
  const names = await disk.readdir(absolute).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  });
  for (const name of names.filter((one) => first.test(one)).sort())
    yield* matching(rest, path === '' ? name : `${path}/${name}`, tools);
}
