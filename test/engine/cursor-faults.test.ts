import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/core/cursor.ts';
import {
  abandonWindow,
  begin,
  open,
  read,
  restart,
  type WindowRules,
} from '../../src/engine/window.ts';
import { ModelDuo, type ModelEvent } from './model-duo.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 10, 12, 0, 0);
const lastMs = 120 * minuteMs;
const pageLimit = 5;

const v2: WindowRules = {
  unit: 'ms',
  hasEnd: true,
  ordered: true,
  pageLimit,
  settleMs: 2 * minuteMs,
  lookbackMs: 40 * minuteMs,
  rereadMs: 10 * minuteMs,
};
const v1: WindowRules = { ...v2, unit: 's', hasEnd: false, settleMs: 0 };
/** Without the second look that would cover a mistake of the first. */
const once: Partial<WindowRules> = { lookbackMs: 0 };

/** What befalls one call, or the program around it. */
type Trouble =
  /** The answer does not come; the same is asked again. */
  | 'failed'
  /** Delivered, and killed before the checkpoint was saved. */
  | 'killed'
  /** Saved, and started again. */
  | 'restarted'
  | 'empty page'
  /** The page before it in the same poll comes once more. */
  | 'same page'
  | 'same offset'
  | 'refused offset'
  | 'short page'
  /** The poll leads nowhere and has to be broken off. */
  | 'endless pages';

const troubles: readonly Trouble[] = [
  'failed',
  'killed',
  'restarted',
  'empty page',
  'same page',
  'same offset',
  'refused offset',
  'short page',
];

interface World {
  readonly events: readonly ModelEvent[];
  readonly sinceMs: number;
  /** The row at `sinceMs` that another program had delivered. */
  readonly taken: ModelEvent | undefined;
  /** Trouble by the number of the call. */
  readonly trouble: ReadonlyMap<number, Trouble>;
  /** Minutes between polls, again and again. */
  readonly pauses: readonly number[];
  /** From cron: each poll is a run of its own, until Duo says that there is no more. */
  readonly once: boolean;
  readonly callMs: number;
  readonly offsetAtEnd: boolean;
}

/** Few different times, so that equal ones and page borders meet. */
const event = fc.record({
  atMs: fc
    .tuple(fc.nat(110), fc.constantFrom(0, 1, 500, 30_000))
    .map(([minute, ms]) => minute * minuteMs + ms),
  us: fc.integer({ min: 0, max: 999 }),
  lateMs: fc.oneof(fc.constant(0), fc.nat(10 * minuteMs)),
});

function worlds(rules: WindowRules): fc.Arbitrary<World> {
  return fc
    .record({
      made: fc.array(event, { minLength: 1, maxLength: 60 }),
      beginAt: fc.nat(59),
      isTaken: fc.boolean(),
      trouble: fc.uniqueArray(fc.tuple(fc.nat(160), fc.constantFrom(...troubles)), {
        maxLength: 12,
        selector: ([call]) => call,
      }),
      once: fc.boolean(),
      pauses: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 8 }),
      callMs: fc.constantFrom(0, 700, 9_000),
      offsetAtEnd: fc.boolean(),
    })
    .map(({ made, beginAt, isTaken, trouble, once, pauses, ...rest }) => {
      const seconds = rules.unit === 's';
      // A page reaches beyond the rows of one second, or Duo itself would hide some.
      const inSecond = new Map<number, number>();
      const fit = made.filter(({ atMs }) => {
        const second = Math.floor(atMs / 1000);
        inSecond.set(second, (inSecond.get(second) ?? 0) + 1);
        return !seconds || (inSecond.get(second) ?? 0) < pageLimit;
      });
      const events = fit.map(({ atMs, us, lateMs }, serial) => ({
        serial,
        timeUs: (startMs + atMs) * 1000 + us,
        visibleAtMs: startMs + atMs + minuteMs + (rules.lookbackMs > 0 ? lateMs : 0),
      }));
      const first = events[beginAt % events.length];
      const firstMs = Math.floor((first?.timeUs ?? 0) / 1000);
      return {
        events,
        sinceMs: seconds ? Math.floor(firstMs / 1000) * 1000 : firstMs,
        taken: isTaken && !seconds ? first : undefined,
        trouble: new Map(trouble),
        pauses: once ? pauses : [2],
        once,
        ...rest,
      };
    });
}

/** Hours of polls of which each second one at most is broken off, and pauses longer than the look-back. */
function brokenOffs(rules: WindowRules): fc.Arbitrary<World> {
  const endless = fc.array(fc.nat(60), { maxLength: 20 });
  const pauses = fc.array(fc.constantFrom(2, 2, 2, 70), { minLength: 1, maxLength: 12 });
  return fc.tuple(worlds(rules), endless, pauses).map(([world, halves, minutes]) => {
    const trouble = new Map(halves.map((half) => [2 * half, 'endless pages' as const]));
    return { ...world, trouble, pauses: minutes, once: false };
  });
}

/** Empty pages that lead on, until the poll is broken off; v1 has none, a refusal does the same. */
function endlessly(opened: Parameters<typeof read>[2], rules: WindowRules): Cursor {
  if (!rules.hasEnd) return abandonWindow(opened);
  let page = read([], 'on', opened, rules);
  for (let n = 0; page.next.window !== undefined; n += 1) {
    page = read([], `on${n}`, { ...page.next, window: page.next.window }, rules);
  }
  expect(page.whole).toBe(false);
  return page.next;
}

interface Outcome {
  readonly delivered: readonly string[];
  readonly kills: number;
  readonly gaps: number;
}

/** Follows the log as a feed does, and goes on in peace for long after the last event. */
function follow(world: World, rules: WindowRules): Outcome {
  const { unit } = rules;
  const duos = Array.from({ length: pageLimit }, (_, index) => {
    const options = { unit, pageLimit, served: index + 1, offsetAtEnd: world.offsetAtEnd };
    return new ModelDuo(world.events, options);
  });
  const delivered: string[] = [];
  const own = { ...rules, toTheEnd: world.once };
  let cursor: Cursor = begin(world.sinceMs, world.taken && { id: `id-${world.taken.serial}` });
  let [calls, kills, gaps] = [0, 0, 0];
  let answer: ReturnType<ModelDuo['ask']> | undefined;
  let nowMs = Math.max(startMs, world.sinceMs) + 1;
  for (let poll = 0; nowMs < startMs + lastMs + 120 * minuteMs; poll += 1) {
    answer = undefined;
    for (let pages = 0, more = true; more; pages += 1, nowMs += world.callMs) {
      if (pages > 1_000) throw new Error('the poll does not end');
      const opened = open(cursor, nowMs, own);
      if (opened === undefined) break;
      if (opened.gap !== undefined) gaps += 1;
      const trouble = world.trouble.get(calls++);
      if (trouble === 'failed') continue;
      if (trouble === 'restarted') cursor = JSON.parse(JSON.stringify(cursor)) as Cursor;
      const { offset } = opened.cursor.window;
      if (trouble === 'refused offset' && offset !== undefined) {
        const again = restart(cursor);
        cursor = again ?? abandonWindow(cursor);
        more = again !== undefined;
        continue;
      }
      if (trouble === 'endless pages') {
        cursor = endlessly(opened.cursor, own);
        break;
      }
      const before = answer;
      answer = duos[trouble === 'short page' ? 1 : pageLimit - 1]?.ask(opened.cursor, nowMs);
      let { rows = [], offset: next } = answer ?? {};
      if (trouble === 'same page' && before !== undefined) ({ rows, offset: next } = before);
      if (trouble === 'empty page' && next !== undefined) [rows, next] = [[], `${offset ?? next}`];
      if (trouble === 'same offset' && offset !== undefined) next = offset;
      const page = read(rows, next, opened.cursor, own);
      gaps += page.gaps.length;
      delivered.push(...page.events.map(({ id }) => id));
      more = page.more;
      if (trouble === 'killed') {
        kills += 1;
        more = true;
      } else cursor = page.next;
    }
    const peace = nowMs > startMs + lastMs;
    const minutes = peace ? 2 : (world.pauses[poll % world.pauses.length] ?? 2);
    nowMs += minutes * minuteMs;
  }
  return { delivered, kills, gaps };
}

describe('whatever befalls its calls and its program', () => {
  it.each([
    ['v2, as auth, activity and telephony', v2],
    ['v1, as adminaction and offline_enrollment', v1],
    ['v2 that is read once', { ...v2, ...once }],
    ['v1 that is read once', { ...v1, ...once }],
  ])('a log of %s gives all from its begin on, and nothing else', (_, rules) => {
    fc.assert(
      fc.property(worlds(rules), (world) => {
        const { delivered, kills, gaps } = follow(world, rules);
        const due = world.events.filter(
          (one) => one !== world.taken && one.timeUs >= world.sinceMs * 1000,
        );
        const got = new Set(delivered);
        if (rules.unit === 'ms') {
          expect([...got].sort()).toEqual(due.map(({ serial }) => `id-${serial}`).sort());
        } else expect(got.size).toBe(due.length);
        expect(delivered.length - got.size).toBeLessThanOrEqual(kills * pageLimit);
        expect(gaps).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['v2', v2],
    ['v1', v1],
  ])('a late event of %s is found, though polls are broken off after a long stop', (_, rules) => {
    fc.assert(
      fc.property(brokenOffs(rules), (world) => {
        const { delivered } = follow(world, rules);
        const due = world.events.filter(
          (one) => one !== world.taken && one.timeUs >= world.sinceMs * 1000,
        );
        expect([delivered.length, new Set(delivered).size]).toEqual([due.length, due.length]);
      }),
      { numRuns: 300 },
    );
  });
});
