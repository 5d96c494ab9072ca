import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore } from '../checkpoint/checkpoint.ts';
import { openFileStore } from '../checkpoint/file-store.ts';
import { nodeFileSystem, writeAtomic } from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isObject } from '../core/row.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';

/** What is kept of a backfill beside the places of its feeds. */
export interface BackfillRecord {
  readonly key: string;
  /** At random: names it in archives, so that one that is begun anew finds nothing of the one before. */
  readonly nonce: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly beganMs: number;
  /** Set when all of it is confirmed. */
  readonly doneMs?: number;
  /** Events, when it is done. */
  readonly sent?: number;
}

export interface RecordsOptions {
  readonly stateDirectory: string;
  readonly serverIds: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

const format = 1;
const dayMs = 86_400_000;
/** So long a backfill that is done is known as such. */
const knownMs = 180 * dayMs;

/** `<state directory>/backfills/<key>`: `job.json`, and the feeds' places as checkpoints have them. */
export class BackfillRecords {
  readonly #options: RecordsOptions;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Throws `backfill_unreadable`: guessing would send twice. */
  async find(key: string): Promise<BackfillRecord | undefined> {
    const path = this.#job(key);
    try {
      const text = Buffer.from(await nodeFileSystem.readFile(path)).toString('utf8');
      const record = recordIn(key, JSON.parse(text) as JsonValue);
      if (record === undefined) throw new Error('its shape is unknown');
      return record;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw new ForwarderError(
        'backfill_unreadable',
        `${path} cannot be read: ${messageOf(error)}`,
        { remedy: 'stop', hint: 'With --restart this backfill begins anew.', cause: error },
      );
    }
  }

  /** Nothing of an earlier one is left. Throws `backfill_unwritable`. */
  async begin(key: string, sinceMs: number, untilMs: number): Promise<BackfillRecord> {
    const nonce = randomBytes(8).toString('hex');
    const beganMs = this.#options.clock.nowMs();
    const record = { key, nonce, sinceMs, untilMs, beganMs };
    await this.#orThrow(key, async () => {
      await this.#forgetOld();
      await rm(this.#folder(key), { recursive: true, force: true });
      await this.#write(record);
    });
    return record;
  }

  /** The places of its feeds are not needed any more. Throws `backfill_unwritable`. */
  async finish(record: BackfillRecord, sent: number): Promise<void> {
    const { key } = record;
    await this.#orThrow(key, async () => {
      await this.#write({ ...record, doneMs: this.#options.clock.nowMs(), sent });
      await rm(join(this.#folder(key), 'feeds'), { recursive: true, force: true });
    });
  }

  /** Where its feeds are; what a killed process left half written is gone. */
  async places(key: string): Promise<CheckpointStore> {
    const { serverIds: configuredServerIds, clock, log } = this.#options;
    const directory = this.#folder(key);
    const files = openFileStore({ directory, configuredServerIds, clock, log });
    await files.tidy();
    return files;
  }

  async #write({ key: _, ...record }: BackfillRecord): Promise<void> {
    await nodeFileSystem.mkdir(this.#folder(_), { recursive: true, mode: 0o700 });
    await writeAtomic(this.#job(_), Buffer.from(`${JSON.stringify({ format, ...record })}\n`));
  }

  async #forgetOld(): Promise<void> {
    const { clock, stateDirectory } = this.#options;
    const keys = await readdir(join(stateDirectory, 'backfills')).catch(() => []);
    for (const key of keys) {
      const record = await this.find(key).catch(() => undefined);
      if ((record?.doneMs ?? Infinity) > clock.nowMs() - knownMs) continue;
      await rm(this.#folder(key), { recursive: true, force: true });
    }
  }

  async #orThrow(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw new ForwarderError(
        'backfill_unwritable',
        `${this.#folder(key)} cannot be written: ${messageOf(error)}`,
        {
          remedy: 'stop',
          hint: 'Free space on that disk, or give the user that runs duologsync the right to write there; then run it again.',
          cause: error,
        },
      );
    }
  }

  #folder(key: string): string {
    return join(this.#options.stateDirectory, 'backfills', key);
  }

  #job(key: string): string {
    return join(this.#folder(key), 'job.json');
  }
}

function recordIn(key: string, value: JsonValue): BackfillRecord | undefined {
  if (!isObject(value) || value['format'] !== format) return undefined;
  const { nonce } = value;
  const [sinceMs, untilMs, beganMs] = numbersIn(value, 'sinceMs', 'untilMs', 'beganMs');
  const [doneMs, sent] = numbersIn(value, 'doneMs', 'sent');
  if (typeof nonce !== 'string' || sinceMs === undefined || untilMs === undefined) return undefined;
  return {
    ...{ key, nonce, sinceMs, untilMs, beganMs: beganMs ?? sinceMs },
    ...(doneMs === undefined ? {} : { doneMs }),
    ...(sent === undefined ? {} : { sent }),
  };
}

function numbersIn(value: JsonObject, ...keys: readonly string[]): (number | undefined)[] {
  return keys.map((key) => {
    const one = value[key];
    return typeof one === 'number' ? one : undefined;
  });
}
