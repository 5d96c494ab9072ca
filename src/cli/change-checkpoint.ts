import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { prepareStateDirectory } from '../checkpoint/state-directory.ts';
import { acquireLock, type Lock } from '../control/lock.ts';
import { serve } from '../control/serve.ts';
import { isoTime } from '../core/iso-time.ts';
import { packageVersion } from '../core/version.ts';
import type { Io } from './io.ts';

/** The program's own lock: it must not save its checkpoint while a command writes it. Throws `already_running`. */
export async function lockProgram(state: string, io: Io): Promise<Lock> {
  // Only as the user that the state belongs to, who must be able to read what is written here.
  await prepareStateDirectory(state, { platform: io.platform, uid: io.uid });
  const since = isoTime(io.clock.nowMs());
  const describe = () => ({ pid: process.pid, since, version: packageVersion() });
  return acquireLock({
    stateDirectory: state,
    describe,
    handle: serve({ describe, controls: () => undefined, clock: io.clock }),
    platform: io.platform,
    tmpdir: tmpdir(),
    ...(io.uid === undefined ? {} : { uid: io.uid }),
  });
}

/**
 * Copies a feed's record, resolves to where it is kept: beside what the program itself has set aside, as the next
 * save of the feed overwrites the generation before.
 */
export async function keepRecord(file: string, state: string, io: Io): Promise<string> {
  const folder = join(state, 'quarantine');
  const stamp = isoTime(io.clock.nowMs()).replace(/[:.]/g, '-');
  const kept = join(folder, `${stamp}-${basename(file)}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(file, kept);
  return kept;
}
