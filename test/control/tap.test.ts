import { describe, expect, it } from 'vitest';
import { tap } from '../../src/control/tap.ts';
import { verbs, type Caller } from '../../src/control/verbs.ts';
import type { JsonObject, JsonValue } from '../../src/core/types.ts';
import { never } from '../engine/parts.ts';
import { TestClock } from '../engine/test-clock.ts';
import { fakeControls } from './fake-controls.ts';

/** Takes what it is sent until it has `most` of it, then leaves. */
function caller(most: number, clock = new TestClock()) {
  const gone = new AbortController();
  const sent: { readonly result: JsonValue; readonly withinMs: number | undefined }[] = [];
  const one: Caller = {
    gone: gone.signal,
    send: async (result, withinMs) => {
      sent.push({ result, withinMs });
      if (sent.length >= most) gone.abort(new Error('enough'));
    },
    sleep: (ms) => clock.sleep(ms, gone.signal),
  };
  return { one, sent, clock, results: () => sent.map(({ result }) => result) };
}

const part = (line: string): JsonObject => ({ lines: [{ line }], over_limit: 0, not_taken: 0 });

describe('the verb tap', () => {
  it('tells first how many feeds are meant, then what comes, until the caller leaves', async () => {
    const controls = fakeControls();
    controls.tapped.push(part('a'), undefined, undefined, part('b'));
    const { one, results } = caller(3);
    await verbs['tap']?.run({ server: 'siem', limit: 7 }, controls, one);
    expect(results()).toEqual([{ feeds: 3 }, part('a'), part('b')]);
    expect(controls.asked).toEqual([['tap', { server: 'siem' }, 7], ['end of tap']]);
  });

  it('shows a hundred lines a second unless it is told otherwise', async () => {
    const controls = fakeControls();
    await verbs['tap']?.run({}, controls, caller(1).one);
    expect(controls.asked[0]).toEqual(['tap', {}, 100]);
  });

  it('gives a slow reader all the time, and makes nothing more meanwhile', async () => {
    const controls = fakeControls();
    controls.tapped.push(part('a'), part('b'));
    const { one, sent, clock } = caller(3);
    let take: (() => void) | undefined;
    const slow: Caller = {
      ...one,
      send: async (result, withinMs) => {
        await one.send(result, withinMs);
        if (sent.length === 2) await new Promise<void>((resolve) => (take = resolve));
      },
    };
    const over = tap({}, 100, controls, slow);
    await clock.sleep(3_600_000, never);
    expect(sent.map(({ withinMs }) => withinMs)).toEqual([undefined, Infinity]);
    expect(controls.tapped).toEqual([part('b')]);
    take?.();
    await over;
    expect(sent).toHaveLength(3);
  });

  it('gives a sign of life every second, because a dead caller shows in nothing else', async () => {
    const { one, results, clock } = caller(3);
    const controls = fakeControls();
    await tap({}, 100, controls, one);
    const nothing = { lines: [], over_limit: 0, not_taken: 0 };
    expect(results()).toEqual([{ feeds: 3 }, nothing, nothing]);
    expect(clock.monotonicMs()).toBe(2_000);
  });

  it('is closed when the caller cannot be reached any more', async () => {
    const controls = fakeControls();
    controls.tapped.push(part('a'));
    const { one } = caller(9);
    const dead: Caller = { ...one, send: () => Promise.reject(new Error('gone')) };
    await expect(tap({}, 100, controls, dead)).rejects.toThrow('gone');
    expect(controls.asked.at(-1)).toEqual(['end of tap']);
  });
});
