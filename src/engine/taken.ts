import { createHash } from 'node:crypto';

const hashBytes = 8;

// From here on the ids of a second are hashed, because comparing each with each would take too long.
const mostUnhashed = 16;

/** The ids of one second. */
interface Bucket {
  readonly keys: Set<string>;
  /** Not hashed yet: most are dropped before anybody needs their hash. Ids and times in turn. */
  readonly ids: string[];
  readonly timesMs: number[];
}

/**
 * The ids a feed has taken, as hashes in one bucket per second of their time, so that old ones can be
 * dropped. Its text form, for the cursor, is base64 of: seconds since the last bucket, count, hashes.
 */
export class Taken {
  readonly #buckets = new Map<number, Bucket>();

  static parse(text: string): Taken {
    const taken = new Taken();
    const bytes = Buffer.from(text, 'base64');
    let at = 0;
    let second = 0;
    const number = (): number => {
      let value = 0;
      for (let factor = 1; at < bytes.length; factor *= 128) {
        const byte = bytes[at++] ?? 0;
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) break;
      }
      return value;
    };
    while (at < bytes.length) {
      second += number();
      const count = number();
      // A cut text gives fewer ids: repeats, never loss.
      for (let i = 0; i < count && at + hashBytes <= bytes.length; i += 1, at += hashBytes) {
        taken.#bucket(second).keys.add(bytes.toString('latin1', at, at + hashBytes));
      }
    }
    return taken;
  }

  get size(): number {
    let size = 0;
    for (const { keys, ids } of this.#buckets.values()) size += keys.size + ids.length;
    return size;
  }

  has(id: string, timeMs: number): boolean {
    const bucket = this.#buckets.get(secondOf(timeMs));
    if (bucket === undefined) return false;
    const { keys, ids, timesMs } = bucket;
    for (let i = 0; i < ids.length; i += 1) if (ids[i] === id && timesMs[i] === timeMs) return true;
    return keys.size > 0 && keys.has(eventKey(id, timeMs));
  }

  /** False when it was taken before. */
  take(id: string, timeMs: number): boolean {
    if (this.has(id, timeMs)) return false;
    const bucket = this.#bucket(secondOf(timeMs));
    bucket.ids.push(id);
    bucket.timesMs.push(timeMs);
    if (bucket.ids.length > mostUnhashed) hash(bucket);
    return true;
  }

  /** Drops the ids of all seconds before the one that `timeMs` lies in. */
  dropBefore(timeMs: number): void {
    const second = secondOf(timeMs);
    for (const key of this.#buckets.keys()) if (key < second) this.#buckets.delete(key);
  }

  toString(): string {
    const parts: Buffer[] = [];
    let last = 0;
    for (const second of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      const bucket = this.#buckets.get(second);
      if (bucket === undefined) continue;
      const keys = hash(bucket);
      parts.push(varint(second - last), varint(keys.size));
      parts.push(Buffer.from([...keys].join(''), 'latin1'));
      last = second;
    }
    return Buffer.concat(parts).toString('base64');
  }

  #bucket(second: number): Bucket {
    let bucket = this.#buckets.get(second);
    if (bucket === undefined) {
      bucket = { keys: new Set(), ids: [], timesMs: [] };
      this.#buckets.set(second, bucket);
    }
    return bucket;
  }
}

function hash({ keys, ids, timesMs }: Bucket): ReadonlySet<string> {
  for (const [i, id] of ids.entries()) keys.add(eventKey(id, timesMs[i] ?? 0));
  ids.length = 0;
  timesMs.length = 0;
  return keys;
}

/** 64 bits of SHA-256 over time and id: short, and nobody can aim an id at another's. */
function eventKey(id: string, timeMs: number): string {
  const digest = createHash('sha256').update(`${timeMs} ${id}`).digest();
  return digest.toString('latin1', 0, hashBytes);
}

/** Times before 1970 share the first bucket: no Duo row is that old, but a hostile one may say so. */
function secondOf(timeMs: number): number {
  return Math.max(0, Math.floor(timeMs / 1000));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
