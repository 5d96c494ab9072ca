import { nodeFileSystem } from '../core/atomic-file.ts';
import { ForwarderError, messageOf } from '../core/errors.ts';
import { isoTime } from '../core/iso-time.ts';
import type { JsonObject } from '../core/types.ts';
import {
  acknowledgedPath,
  isAcknowledged,
  readAcknowledged,
  saveAcknowledged,
} from './acknowledged.ts';
import { gapsPath, type GapRecord, readGaps } from './gap-record.ts';

/** The gaps of a state directory that nobody acknowledged, oldest first. Throws `gaps_unusable`. */
export async function openGapsOf(state: string): Promise<readonly GapRecord[]> {
  const acknowledged = await readAcknowledged(acknowledgedPath(state));
  const open = (await allGaps(state)).filter((gap) => !isAcknowledged(gap, acknowledged));
  return open.sort((a, b) => a.fromMs - b.fromMs);
}

/**
 * Acknowledges gaps by id, or all; gives those that were. Callers take turns (a lock): the file has one writer.
 * Throws `no_such_gap` and changes nothing when one of them is not there or was acknowledged before.
 */
export async function acknowledge(
  state: string,
  ids: readonly string[] | 'all',
): Promise<readonly GapRecord[]> {
  const open = await openGapsOf(state);
  const wanted = ids === 'all' ? open.map(({ id }) => id) : ids;
  const unknown = wanted.filter((id) => !open.some((gap) => gap.id === id));
  if (unknown.length > 0) {
    throw new ForwarderError('no_such_gap', `there is no unacknowledged gap ${unknown.join(', ')}`);
  }
  const known = new Set((await allGaps(state)).map(({ id }) => id));
  const before = await readAcknowledged(acknowledgedPath(state));
  // What the program has removed from its file meanwhile is done with.
  const acknowledged = new Map([...before].filter(([id]) => known.has(id)));
  const done = open.filter(({ id }) => wanted.includes(id));
  for (const gap of done) acknowledged.set(gap.id, gap.toMs);
  await saveAcknowledged(acknowledgedPath(state), acknowledged);
  return done;
}

/** A gap as JSON; keys are only ever added. */
export function gapForMachines(gap: GapRecord): JsonObject {
  return {
    id: gap.id,
    found: isoTime(gap.toldMs),
    feed: gap.feedId,
    account: gap.account.id ?? null,
    account_name: gap.account.name,
    endpoint: gap.endpoint,
    server: gap.serverId,
    from: isoTime(gap.fromMs),
    to: isoTime(gap.toMs),
    kind: gap.kind,
    reason: gap.reason,
    times: gap.times,
  };
}

async function allGaps(state: string): Promise<GapRecord[]> {
  try {
    return [...(await readGaps(gapsPath(state), nodeFileSystem)).values()];
  } catch (error) {
    throw new ForwarderError('gaps_unusable', `the gaps cannot be read: ${messageOf(error)}`, {
      hint: 'Run this as the user that runs duologsync.',
      cause: error,
    });
  }
}
