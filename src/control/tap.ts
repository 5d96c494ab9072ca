import type { Selection } from '../core/requests.ts';
import type { JsonObject } from '../core/types.ts';
import type { Controls } from './controls.ts';
import type { Caller } from './verbs.ts';

/** Lines that go out, for one caller. */
export interface LineTap {
  /** How many feeds are meant at present. */
  readonly feeds: number;
  /** What came since the last time, `lines` and how many were left out; undefined: nothing. */
  readonly drain: () => JsonObject | undefined;
  readonly close: () => void;
}

const lookEveryMs = 200;
// A caller that was killed shows only when something is written to him.
const signOfLifeMs = 1_000;
const nothing: JsonObject = { lines: [], over_limit: 0, not_taken: 0 };

/**
 * First how many feeds are meant, then their lines, until the caller leaves. He may take his time: what waits for
 * him is bounded, and nobody else waits.
 */
export async function tap(
  selection: Selection,
  perSecond: number,
  controls: Controls,
  caller: Caller,
): Promise<undefined> {
  const { feeds, drain, close } = controls.tap(selection, perSecond);
  try {
    await caller.send({ feeds });
    let quietMs = 0;
    for (;;) {
      await caller.sleep(lookEveryMs);
      if (caller.gone.aborted) break;
      const part = drain();
      quietMs = part === undefined ? quietMs + lookEveryMs : 0;
      if (part === undefined && quietMs < signOfLifeMs) continue;
      quietMs = 0;
      await caller.send(part ?? nothing, Infinity);
    }
    return undefined;
  } finally {
    close();
  }
}
