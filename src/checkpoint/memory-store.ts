import type { Checkpoint, CheckpointStore, FeedIdentity, StoredCheckpoint } from './checkpoint.ts';

/** Forgets everything at the end: for `checkpointing.enabled: false` and for trying things out. */
export function openMemoryStore(nowMs: () => number = Date.now): CheckpointStore {
  const records = new Map<string, StoredCheckpoint>();
  return {
    async load(identity) {
      return records.get(keyOf(identity))?.checkpoint;
    },
    async save(identity: FeedIdentity, checkpoint: Checkpoint) {
      records.set(keyOf(identity), { identity, checkpoint, savedAtMs: nowMs() });
    },
    async list() {
      return [...records.values()];
    },
  };
}

function keyOf({ accountId, endpoint, server }: FeedIdentity): string {
  return JSON.stringify([accountId ?? null, endpoint, server.id]);
}
