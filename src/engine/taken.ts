import { createHash } from 'node:crypto';

const hashBytes = 8;

/** 64 bits of SHA-256 over time and id: short, and nobody can aim an id at another's. */
export function eventKey(id: string, timeMs: number): string {
  const digest = createHash('sha256').update(`${timeMs} ${id}`).digest();
  return digest.toString('latin1', 0, hashBytes);
}

/**
 * The ids a feed has taken, as hashes in one bucket per second of their time, so that old ones can be
 * dropped. Its text form, for the cursor, is base64 of: seconds since the last bucket, count, hashes.
 */
export class Taken {
  readonly #buckets = new Map<number, Set<string>>();

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
        taken.#bucket(second).add(bytes.toString('latin1', at, at + hashBytes));
      }
    }
    return taken;
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.size;
    return size;
  }

  has(timeMs: number, key: string): boolean {
    return this.#buckets.get(secondOf(timeMs))?.has(key) ?? false;
  }

  /** Whether any id of this second is known; when not, a key need not be made. */
  knows(timeMs: number): boolean {
    return this.#buckets.has(secondOf(timeMs));
  }

  add(timeMs: number, key: string): void {
    this.#bucket(secondOf(timeMs)).add(key);
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
      parts.push(varint(second - last), varint(bucket.size));
      parts.push(Buffer.from([...bucket].join(''), 'latin1'));
      last = second;
    }
    return Buffer.concat(parts).toString('base64');
  }

  #bucket(second: number): Set<string> {
    let bucket = this.#buckets.get(second);
    if (bucket === undefined) this.#buckets.set(second, (bucket = new Set()));
    return bucket;
  }
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
