import { abortable } from '../../src/core/abort.ts';
import type { Clock } from '../../src/core/clock.ts';
import { readAnswer } from '../../src/core/json-bytes.ts';
import type { ApiAnswer, JsonObject, Params } from '../../src/core/types.ts';
import type { ApiRequest, DuoApi } from '../../src/duo/api.ts';
import { failure, type FailureCode } from '../../src/duo/failures.ts';

export interface FakeRow {
  readonly id: string;
  readonly timeMs: number;
  readonly visibleAtMs?: number;
}

/** Duo's authentication log in memory, asked through the client's contract: no sockets, no time. */
export class FakeDuo implements DuoApi {
  readonly asked: Params[] = [];
  readonly rows: FakeRow[] = [];
  pageLimit = 1000;
  /** What call number n (from 1) fails with. */
  fault: (call: number, params: Params) => FailureCode | Error | undefined = () => undefined;
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(count: number, fromMs: number, stepMs = 1000): void {
    const first = this.rows.length;
    for (let i = 0; i < count; i += 1) {
      this.rows.push({ id: `t${first + i}`, timeMs: fromMs + i * stepMs });
    }
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async send({ params }: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const call = this.asked.push(params);
    await abortable(this.gate, signal);
    const fault = this.fault(call, params);
    if (typeof fault === 'string') throw failure(fault, `Duo says ${fault}`);
    if (fault !== undefined) throw fault;
    return this.#answer(params);
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #answer(params: Params): ApiAnswer {
    const { mintime = '0', maxtime = '0', next_offset: offset } = params;
    const [fromMs = 0, afterId] = offset?.split(',') ?? [];
    const found = this.rows
      .filter(({ timeMs, visibleAtMs = 0 }) => {
        if (visibleAtMs > this.#clock.nowMs()) return false;
        return timeMs >= Number(mintime) && timeMs <= Number(maxtime);
      })
      .sort((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1))
      .filter(({ timeMs, id }) => {
        if (afterId === undefined) return true;
        return timeMs > Number(fromMs) || (timeMs === Number(fromMs) && id > afterId);
      });
    const page = found.slice(0, this.pageLimit);
    const last = page.at(-1);
    const more = found.length > page.length && last !== undefined;
    const next_offset = more ? [String(last.timeMs), last.id] : null;
    return answerOf('authlogs', page.map(rowText), { next_offset });
  }
}

/** An answer with one list, whose rows have these texts. */
export function answerOf(
  key: string,
  texts: readonly string[],
  metadata: JsonObject = {},
): ApiAnswer {
  const list = `[${texts.join(',')}]`;
  const response = key === '' ? list : `{${JSON.stringify(key)}:${list}}`;
  return { ...readAnswer(Buffer.from(`{"response":${response}}`)), metadata };
}

function rowText({ id, timeMs }: FakeRow): string {
  return JSON.stringify({ txid: id, isotimestamp: new Date(timeMs).toISOString() });
}
