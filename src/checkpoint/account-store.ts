import { nodeFileSystem, writeAtomic, type FileSystem } from '../core/atomic-file.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isObject } from '../core/row.ts';
import type { JsonValue, KnownAccount } from '../core/types.ts';

export interface AccountStoreOptions {
  /** `accounts.json` in the state directory. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs?: FileSystem;
  readonly platform?: NodeJS.Platform;
}

/** The last known list of child accounts, in one JSON file. */
export interface AccountStore {
  /** Undefined when there is none yet, or none that can be read (a warning). Never throws. */
  load(): Promise<readonly KnownAccount[] | undefined>;
  /** Resolves when it is on disk, whole. Throws the system's error. */
  save(accounts: readonly KnownAccount[]): Promise<void>;
}

const format = 1;

export function openAccountStore(options: AccountStoreOptions): AccountStore {
  const { path, clock, log, fs = nodeFileSystem } = options;
  return {
    async load() {
      try {
        return decode(await fs.readFile(path));
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        log.warn('The last known list of child accounts cannot be read, Duo is asked for it', {
          code: 'accounts_unreadable',
          file: path,
          why: messageOf(error),
        });
        return undefined;
      }
    },
    async save(accounts) {
      const text = JSON.stringify({ format, savedAtMs: clock.nowMs(), accounts });
      await writeAtomic(path, Buffer.from(`${text}\n`), options);
    },
  };
}

function decode(bytes: Uint8Array): readonly KnownAccount[] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const value = JSON.parse(text) as JsonValue;
  if (!isObject(value)) throw new Error('its shape is unknown');
  if (value['format'] !== format) {
    throw new Error('its format is unknown, a newer version may have written it');
  }
  const { accounts } = value;
  if (!Array.isArray(accounts)) throw new Error('it holds no accounts');
  return (accounts as readonly JsonValue[]).flatMap((account) => {
    if (!isObject(account)) return [];
    const { id, name, apiHost, missingSinceMs } = account;
    if (typeof id !== 'string' || typeof name !== 'string' || typeof apiHost !== 'string') {
      return [];
    }
    const missing = typeof missingSinceMs === 'number' ? { missingSinceMs } : {};
    return [{ id, name, apiHost, ...missing }];
  });
}
