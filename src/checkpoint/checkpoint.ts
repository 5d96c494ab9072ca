import type { Cursor } from '../core/cursor.ts';
import type { Mark } from '../core/types.ts';

/** Who a checkpoint belongs to. The server's id names it; its address recognises it after a rename. */
export interface FeedIdentity {
  /** The child's account id; undefined for the configured account. */
  readonly accountId: string | undefined;
  readonly endpoint: string;
  readonly server: {
    readonly id: string;
    readonly protocol: string;
    readonly hostname: string;
    readonly port: number;
  };
}

export interface Checkpoint {
  readonly cursor: Cursor;
  readonly mark?: Mark;
}

export interface StoredCheckpoint {
  readonly identity: FeedIdentity;
  readonly checkpoint: Checkpoint;
  readonly savedAtMs: number;
}

/** One record per feed. */
export interface CheckpointStore {
  /**
   * The feed's record; undefined when it never had one. Falls back to the previous generation when the
   * newest is unreadable (logged; the bad file is set aside). When only the server's id changed, the
   * record is adopted (logged). Throws `checkpoint_unreadable` or `checkpoint_newer` (remedy park): starting
   * over silently would flood or lose.
   */
  load(identity: FeedIdentity): Promise<Checkpoint | undefined>;
  /** Resolves when the bytes are on disk; throws `checkpoint_write_failed` (retry), the old record intact. */
  save(identity: FeedIdentity, checkpoint: Checkpoint): Promise<void>;
  /** All records that can be read, of this state directory. */
  list(): Promise<readonly StoredCheckpoint[]>;
}
