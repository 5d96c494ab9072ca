import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeedIdentity } from '../checkpoint/checkpoint.ts';
import { FeedFiles } from '../checkpoint/feed-files.ts';
import { type CheckpointRecord, decodeRecord } from '../checkpoint/record.ts';
import { nodeFileSystem, previousOf } from '../core/atomic-file.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import { planFeeds } from '../engine/plan.ts';

/** A feed's files, read by a command: what the program would go on from, or why it cannot. */
export interface StoredFeed {
  readonly file: string;
  /** As status and log name it; the file's name when no generation can be read. */
  readonly id: string;
  readonly record: CheckpointRecord | undefined;
  /** What is wrong with the newest generation. */
  readonly wrong: string | undefined;
}

/** All feeds that have a file in this state directory, by name; writes nothing. */
export async function storedFeeds(state: string): Promise<readonly StoredFeed[]> {
  const files = new FeedFiles(join(state, 'feeds'), nodeFileSystem);
  return Promise.all((await files.paths()).map(read));
}

export function feedFile(state: string, identity: FeedIdentity): string {
  return new FeedFiles(join(state, 'feeds'), nodeFileSystem).pathOf(identity);
}

/** As the engine names it. */
export function idOf({ accountId, endpoint, server }: FeedIdentity): string {
  const account = { id: accountId, name: '', apiHost: '' };
  const [feed] = planFeeds([account], [{ endpoints: [endpoint], server: server.id }]);
  return feed?.id ?? endpoint;
}

/** The feed that a person means: blanks and the letters' case do not matter, nor whether the file is named. */
export function named(feeds: readonly StoredFeed[], name: string): StoredFeed | undefined {
  const bare = (text: string): string => text.replace(/\s+/g, '').toLowerCase();
  return feeds.find(({ id, file }) => [id, file].some((one) => bare(one) === bare(name)));
}

async function read(file: string): Promise<StoredFeed> {
  const newest = await generation(file);
  const record = newest.record ?? (await generation(previousOf(file))).record;
  return {
    file,
    id: record === undefined ? file : idOf(record.identity),
    record,
    wrong: newest.wrong,
  };
}

async function generation(
  file: string,
): Promise<{ readonly record?: CheckpointRecord; readonly wrong?: string }> {
  try {
    const reading = decodeRecord(await readFile(file));
    switch (reading.kind) {
      case 'good':
        return { record: reading.record };
      case 'newer':
        return { wrong: `a newer duologsync wrote it (format ${reading.format})` };
      case 'bad':
        return { wrong: reading.why };
    }
  } catch (error) {
    return { wrong: systemCode(error) === 'ENOENT' ? 'it is missing' : messageOf(error) };
  }
}
