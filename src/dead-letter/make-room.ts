import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nodeFileSystem, renameWithRetries, syncDirectory } from '../core/atomic-file.ts';
import { systemClock } from '../core/clock.ts';
import type { FeedGap } from '../core/types.ts';
import { decodeLetter, type StoredLetter } from './letter.ts';
import { wholeLines } from './whole-lines.ts';

/** What may go from the file of dead letters. */
export interface RoomPlan {
  readonly resent: ReadonlySet<string>;
  /** Lines up to this one go as well, sent or not. */
  readonly dropLines: number;
  /** What that loses, by feed. */
  readonly gaps: readonly FeedGap[];
  /** Lines that are no letters any more and go with them. */
  readonly damaged: number;
  /** Whether anything goes. */
  readonly frees: boolean;
}

/**
 * What was sent again goes; then, if `leastFreeBytes` is given, the oldest until so much fits. Reads the file once.
 */
export async function planRoom(
  path: string,
  resent: ReadonlySet<string>,
  maxBytes: number,
  leastFreeBytes: number | undefined,
): Promise<RoomPlan> {
  let keptBytes = 0;
  let isFreed = false;
  for await (const line of wholeLines(path)) {
    if (isResent(decodeLetter(line), resent)) isFreed = true;
    else keptBytes += line.length + 1;
  }
  const wantedBytes = leastFreeBytes === undefined ? Infinity : maxBytes - leastFreeBytes;
  const plan = { resent, dropLines: 0, gaps: [], damaged: 0, frees: isFreed };
  return keptBytes <= wantedBytes ? plan : dropOldest(path, plan, keptBytes, wantedBytes, maxBytes);
}

async function dropOldest(
  path: string,
  plan: RoomPlan,
  keptBytes: number,
  wantedBytes: number,
  maxBytes: number,
): Promise<RoomPlan> {
  const lost = new Map<string, Lost>();
  let [dropLines, damaged, leftBytes] = [0, 0, keptBytes];
  for await (const line of wholeLines(path)) {
    if (leftBytes <= wantedBytes) break;
    dropLines += 1;
    const letter = decodeLetter(line);
    if (isResent(letter, plan.resent)) continue;
    leftBytes -= line.length + 1;
    if (letter === undefined) damaged += 1;
    else lose(lost, letter);
  }
  const why = `dead letters were dropped, their file had reached ${maxBytes / 2 ** 20} MiB`;
  const gaps = [...lost.values()].map(({ count, ...gap }) => ({
    ...gap,
    reason: `${count} ${why}`,
  }));
  return { ...plan, dropLines, damaged, gaps, frees: true };
}

/** Rewrites the file without what goes, whole or not at all. Nobody may hold it open. Throws the system's error. */
export async function makeRoom(path: string, { resent, dropLines }: RoomPlan): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      let [number, bytes] = [0, 0];
      let kept: Buffer[] = [];
      const write = async (): Promise<void> => {
        await file.appendFile(Buffer.concat(kept));
        [kept, bytes] = [[], 0];
      };
      for await (const line of wholeLines(path)) {
        number += 1;
        if (number <= dropLines || isResent(decodeLetter(line), resent)) continue;
        kept.push(line, newline);
        bytes += line.length + 1;
        if (bytes > writeBytes) await write();
      }
      await write();
      await file.sync();
    } finally {
      await file.close();
    }
    const platform = process.platform;
    await renameWithRetries(temporary, path, { fs: nodeFileSystem, platform, clock: systemClock });
    if (platform !== 'win32') await syncDirectory(nodeFileSystem, dirname(path));
  } catch (error) {
    await removeLeftover(path);
    throw error;
  }
}

/** What a killed process left of a new file. */
export async function removeLeftover(path: string): Promise<void> {
  await rm(temporaryOf(path), { force: true });
}

function temporaryOf(path: string): string {
  return `${path}.room`;
}

const newline = Buffer.from('\n');
const writeBytes = 2 ** 20;

type Lost = Omit<FeedGap, 'reason'> & { count: number };

function lose(lost: Map<string, Lost>, letter: StoredLetter): void {
  const { feedId, timeMs } = letter;
  const known = lost.get(feedId);
  if (known === undefined) {
    const { account, endpoint, serverId, id: key } = letter;
    const whose = { feedId, account, endpoint, serverId };
    lost.set(feedId, { kind: 'letters', ...whose, key, fromMs: timeMs, toMs: timeMs, count: 1 });
  } else {
    const [fromMs, toMs] = [Math.min(known.fromMs, timeMs), Math.max(known.toMs, timeMs)];
    lost.set(feedId, { ...known, fromMs, toMs, count: known.count + 1 });
  }
}

function isResent(letter: StoredLetter | undefined, resent: ReadonlySet<string>): boolean {
  return letter !== undefined && resent.has(letter.id);
}
