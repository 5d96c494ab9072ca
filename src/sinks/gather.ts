import type { Batch } from '../core/types.ts';
import { Payload } from './payload.ts';
import { deferred, type Deferred } from './waiting.ts';

/** One `write` that is under way. */
export interface Writing {
  readonly batch: Batch;
  readonly done: Deferred<void>;
  readonly arrivedMs: number;
  /** The first line that is not confirmed. */
  next: number;
  /** Bytes not confirmed, newlines included. */
  bytes: number;
  /** Some of its lines are in a group on the wire. */
  onWire: boolean;
  /** It has been in a group already, so it does not wait for company again. */
  due: boolean;
  /** Its next line was refused alone: see refusals.ts. */
  suspicion: Suspicion | undefined;
}

export interface Suspicion {
  readonly refusals: number;
  /** Groups confirmed and failed by then. */
  readonly confirmed: number;
  readonly failed: number;
  /** Others go first until then. */
  readonly notBeforeMs: number;
}

export interface Part {
  readonly writing: Writing;
  readonly from: number;
  readonly to: number;
  /** Newlines included. */
  readonly bytes: number;
}

/** Lines of one or several writes that go over one connection together. */
export interface Group {
  readonly parts: readonly Part[];
  readonly payload: Payload;
}

export interface Waiting {
  readonly lines: number;
  readonly bytes: number;
  readonly oldestMs: number;
  readonly due: boolean;
  readonly heldBack: boolean;
}

/** The writes that wait, in the order of their arrival. */
export class Gather {
  readonly #writings: Writing[] = [];

  get size(): number {
    return this.#writings.length;
  }

  add(batch: Batch, nowMs: number): Writing {
    const writing: Writing = {
      batch,
      done: deferred(),
      arrivedMs: nowMs,
      next: 0,
      bytes: batch.lines.reduce((sum, line) => sum + line.bytes.length + 1, 0),
      onWire: false,
      due: false,
      suspicion: undefined,
    };
    this.#writings.push(writing);
    return writing;
  }

  remove(writing: Writing): void {
    const at = this.#writings.indexOf(writing);
    if (at >= 0) this.#writings.splice(at, 1);
  }

  /** Others get their turn first. */
  moveToEnd(writing: Writing): void {
    if (!this.#writings.includes(writing)) return;
    this.remove(writing);
    this.#writings.push(writing);
  }

  removeAll(): Writing[] {
    return this.#writings.splice(0);
  }

  /** What waits, may be sent now and is not on the wire; `heldBack`: something may be sent later. */
  waiting(nowMs: number): Waiting {
    const oldestMs = Number.POSITIVE_INFINITY;
    const sum = { lines: 0, bytes: 0, oldestMs, due: false, heldBack: false };
    for (const writing of this.#writings) {
      if (writing.onWire) continue;
      if (isHeldBack(writing, nowMs)) {
        sum.heldBack = true;
        continue;
      }
      sum.lines += writing.batch.lines.length - writing.next;
      sum.bytes += writing.bytes;
      sum.oldestMs = Math.min(sum.oldestMs, writing.arrivedMs);
      sum.due ||= writing.due;
    }
    return sum;
  }

  /**
   * The next group, at least one line; undefined when nothing waits. A write is in one group at a
   * time, so that its lines arrive in order; a line that was refused alone goes alone.
   */
  cut(maxLines: number, maxBytes: number, nowMs: number): Group | undefined {
    const parts: Part[] = [];
    const going: Uint8Array[] = [];
    let size = 0;
    for (const writing of this.#writings) {
      const isSuspect = writing.suspicion !== undefined;
      if (writing.onWire || isHeldBack(writing, nowMs)) continue;
      if (isSuspect && parts.length > 0) continue;
      const { lines } = writing.batch;
      const limit = isSuspect ? 1 : maxLines;
      const before = size;
      let to = writing.next;
      for (let line = lines[to]; line !== undefined; line = lines[to]) {
        const full = going.length >= limit || size + line.bytes.length + 1 > maxBytes;
        if (full && going.length > 0) break;
        size += line.bytes.length + 1;
        going.push(line.bytes);
        to += 1;
      }
      if (to === writing.next) break;
      parts.push({ writing, from: writing.next, to, bytes: size - before });
      writing.onWire = true;
      writing.due = true;
      if (isSuspect) break;
    }
    if (parts.length === 0) return undefined;
    return { parts, payload: new Payload(going) };
  }

  /** Its lines are confirmed; writes that are complete resolve. */
  confirm(group: Group): void {
    for (const { writing, to, bytes } of group.parts) {
      writing.bytes -= bytes;
      writing.next = to;
      writing.onWire = false;
      writing.suspicion = undefined;
      if (to < writing.batch.lines.length) continue;
      this.remove(writing);
      writing.done.resolve();
    }
  }

  /** Its lines wait again, at their old place. */
  giveBack(group: Group): void {
    for (const { writing } of group.parts) writing.onWire = false;
  }
}

function isHeldBack({ suspicion }: Writing, nowMs: number): boolean {
  return suspicion !== undefined && nowMs < suspicion.notBeforeMs;
}
