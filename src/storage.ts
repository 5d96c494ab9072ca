import { join } from 'node:path';
import type { AppOptions } from './app.ts';
import type { CheckpointStore } from './checkpoint/checkpoint.ts';
import { type FileStore, openFileStore } from './checkpoint/file-store.ts';
import { acknowledgedPath, isAcknowledged, readAcknowledged } from './checkpoint/acknowledged.ts';
import { gapsPath, readGaps } from './checkpoint/gap-record.ts';
import { logGaps, openGaps } from './checkpoint/gaps.ts';
import { openLearned } from './checkpoint/learned-store.ts';
import { openMemoryStore } from './checkpoint/memory-store.ts';
import { configFlag } from './config/config-flag.ts';
import { nodeFileSystem } from './core/atomic-file.ts';
import type { Logger } from './core/log.ts';
import type { DeadLetterBox, GapBox, JsonValue, Learned } from './core/types.ts';
import { openDeadLetters } from './dead-letter/dead-letter.ts';
import { readResent, resentPath } from './dead-letter/resent.ts';

/** Everything that outlives a run. */
export interface Storage {
  readonly checkpoints: CheckpointStore;
  /** The checkpoints' files; undefined when they are not remembered. */
  readonly files: FileStore | undefined;
  readonly learned: Learned;
  readonly deadLetters: DeadLetterBox;
  readonly gaps: GapBox;
  /** What waits for a person: unacknowledged gaps, events that could not be delivered. */
  waiting(): Promise<{ readonly gaps: number; readonly deadLetters: number }>;
  close(): Promise<void>;
}

/**
 * Opens the state directory; without one all is kept in memory and no file is touched, so that a look at
 * the events stands in nobody's way. Throws `dead_letter_unusable`, `gaps_unusable` (stop).
 */
export async function openStorage(
  options: Pick<AppOptions, 'config' | 'configFile' | 'stateDirectory' | 'clock' | 'log'>,
): Promise<Storage> {
  const { config, stateDirectory: directory, clock, log } = options;
  if (directory === undefined) return inMemory(log);
  const configuredServerIds = config.servers.map(({ id }) => id);
  const files = config.dls_settings.checkpointing.enabled
    ? openFileStore({ directory, configuredServerIds, clock, log })
    : undefined;
  await files?.tidy();
  const learned = await openLearned({ path: join(directory, 'learned.json'), clock, log });
  const gaps = await openGaps({ directory, clock, log });
  if (gaps.unacknowledged > 0) {
    log.warn('There are gaps that nobody has acknowledged', {
      gaps: gaps.unacknowledged,
      hint: `See them and what to do: duologsync gaps${configFlag(options.configFile)}`,
    });
  }
  const { dead_letter_full: whenFull, dead_letter_max_mb: maxMb } = config.dls_settings;
  const maxBytes = Math.floor(maxMb * 2 ** 20);
  const deadLetters = await openDeadLetters({ directory, maxBytes, whenFull, gaps, clock, log });
  const waiting = sumOf(deadLetters.counts());
  if (waiting > 0) {
    log.warn('Events that could not be delivered wait in the dead letters', {
      events: waiting,
      hint: `See why: duologsync dead-letter list${configFlag(options.configFile)}`,
    });
  }
  return {
    checkpoints: files ?? openMemoryStore(),
    files,
    learned,
    deadLetters,
    gaps,
    waiting: async () => {
      const resent = (await readResent(resentPath(directory))).letters.size;
      const acknowledged = await readAcknowledged(acknowledgedPath(directory));
      const records = [...(await readGaps(gapsPath(directory), nodeFileSystem)).values()];
      return {
        gaps: records.filter((gap) => !isAcknowledged(gap, acknowledged)).length,
        deadLetters: Math.max(0, sumOf(deadLetters.counts()) - resent),
      };
    },
    close: async () => {
      await learned.flush();
      await deadLetters.close();
    },
  };
}

function inMemory(log: Logger): Storage {
  const learned = new Map<string, JsonValue>();
  return {
    checkpoints: openMemoryStore(),
    files: undefined,
    learned: { get: (key) => learned.get(key), set: (key, value) => void learned.set(key, value) },
    gaps: logGaps(log),
    deadLetters: {
      add: async ({ feedId, eventId, reason, detail }) => {
        log.warn('An event is left out', { feed: feedId, event: eventId, reason, detail });
      },
    },
    waiting: async () => ({ gaps: 0, deadLetters: 0 }),
    close: async () => undefined,
  };
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
