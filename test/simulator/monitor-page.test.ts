import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/simulator/faults.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { logPage } from '../../src/simulator/log-page.ts';
import type { DuoOptions } from '../../src/simulator/options.ts';
import { Refusal } from '../../src/simulator/refusal.ts';
import { createWorld } from '../../src/simulator/world.ts';
import type { World } from '../../src/simulator/world.ts';
import { call } from './client.ts';
import { duoStarter, verdict } from './harness.ts';

const start = duoStarter();
const fromMs = Date.UTC(2024, 4, 24, 12);
const window = { mintime: `${fromMs}`, maxtime: `${fromMs + 3_600_000}` };

interface Response {
  readonly events: readonly { readonly sekey: string; readonly state: string }[];
  readonly metadata: { readonly next_offset?: string; readonly total_objects?: number };
}

function worldWith(count: number, options: DuoOptions = {}): World {
  const world = createWorld({ nowMs: () => fromMs + 86_400_000, ...options });
  world.store('a', 'trustmonitor').add(makeEvents('trustmonitor', { count, fromMs }));
  return world;
}

function page(
  world: World,
  params: Readonly<Record<string, string>>,
  effect?: Effect,
  account = 'a',
): Response {
  const pairs = Object.entries({ ...window, ...params });
  const { body } = logPage('trustmonitor', account, pairs, world, effect, 1);
  return (JSON.parse(body) as { response: Response }).response;
}

function refused(world: World, params: Readonly<Record<string, string>>, account = 'a'): unknown {
  try {
    return page(world, params, undefined, account);
  } catch (error) {
    return error instanceof Refusal ? `${error.code} ${error.detail}` : error;
  }
}

function readAll(world: World, limit = '200'): { serials: string[]; tokens: string[] } {
  const serials: string[] = [];
  const tokens: string[] = [];
  for (let offset: string | undefined; ;) {
    const { events, metadata } = page(world, {
      limit,
      ...(offset === undefined ? {} : { offset }),
    });
    serials.push(...events.map((event) => serialIn(JSON.stringify(event)) ?? ''));
    offset = metadata.next_offset;
    if (offset === undefined) return { serials, tokens };
    tokens.push(offset);
  }
}

describe('a page of Trust Monitor', () => {
  it('holds 50 rows, or up to 200', () => {
    const world = worldWith(450);
    expect(page(world, {}).events).toHaveLength(50);
    expect(page(world, { limit: '7' }).events).toHaveLength(7);
    expect(page(world, { limit: '1000' }).events).toHaveLength(200);
    expect(refused(world, { limit: '0' })).toBe('40002 limit');
  });

  it('has empty metadata at the end, and on an empty page', () => {
    const world = worldWith(10);
    expect(page(world, {}).metadata).toEqual({});
    expect(page(worldWith(0), {})).toEqual({ events: [], metadata: {} });
    expect(Object.keys(page(world, { limit: '9' }).metadata)).toEqual(['next_offset']);
  });

  it('is bound to a window of milliseconds within 180 days', () => {
    const world = worldWith(1);
    expect(refused(world, { mintime: '1716552000' })).toBe(
      "40002 'mintime' must be a timestamp in milliseconds",
    );
    const old = `${fromMs - 200 * 86_400_000}`;
    expect(refused(world, { mintime: old })).toBe('40002 mintime must be within the past 180 days');
    expect(refused(world, { maxtime: window.mintime })).toBe('40002 maxtime');
  });

  it.each(['none', 'time'] as const)('is followed to the end, in the order of %s', (order) => {
    const world = worldWith(450, { monitorOrder: order });
    const { serials } = readAll(world, '70');
    const sent = makeEvents('trustmonitor', { count: 450, fromMs }).map(({ serial }) => serial);
    expect([...serials].sort()).toEqual(sent);
    expect(serials.join() === sent.join()).toBe(order === 'time');
  });

  it('goes on by digits that do not grow and are no times', () => {
    const { tokens } = readAll(worldWith(100), '1');
    const numbers = tokens.map(Number);
    expect(tokens.every((token) => /^\d+$/.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(numbers.some((value, index) => value < (numbers[index - 1] ?? 0))).toBe(true);
    expect(numbers.some((value) => value < 1e9)).toBe(true);
    expect(numbers.some((value) => value > 1e12)).toBe(true);
    // One who takes them for numbers asks for others than were given out.
    expect(tokens.some((token) => String(Number(token)) !== token)).toBe(true);
  });

  it('takes an offset for the window and account alone that it was given out for', () => {
    const world = worldWith(10);
    world.store('b', 'trustmonitor').add(makeEvents('trustmonitor', { count: 10, fromMs }));
    const offset = page(world, { limit: '4' }).metadata.next_offset ?? '';
    expect(page(world, { offset }).events).toHaveLength(6);
    expect(refused(world, { offset, maxtime: `${fromMs + 3_600_001}` })).toBe('40002 offset');
    expect(refused(world, { offset }, 'b')).toBe('40002 offset');
    expect(refused(world, { offset: String(fromMs) })).toBe('40002 offset');
  });

  it('takes it for any window where Duo is set so', () => {
    const world = worldWith(10, { monitorTokens: 'any window', monitorOrder: 'time' });
    const offset = page(world, { limit: '4' }).metadata.next_offset ?? '';
    const later = page(world, { offset, maxtime: `${fromMs + 7000}` });
    expect(later.events).toHaveLength(4);
  });

  it('begins anew for one who names the offset as the other logs do', () => {
    const world = worldWith(10);
    const first = page(world, { limit: '4' });
    const again = page(world, { limit: '4', next_offset: first.metadata.next_offset ?? '' });
    expect(again.events).toEqual(first.events);
  });

  it('shows an event with its new state once that has changed, at its old time', () => {
    let nowMs = fromMs + 600_000;
    const world = createWorld({ nowMs: () => nowMs });
    const changesAfterMs = (index: number): number | undefined =>
      index === 0 ? 3_600_000 : undefined;
    world
      .store('a', 'trustmonitor')
      .add(makeEvents('trustmonitor', { count: 2, fromMs, changesAfterMs }));
    const states = (): Record<string, string> =>
      Object.fromEntries(page(world, {}).events.map(({ sekey, state }) => [sekey, state]));
    const before = states();
    expect(Object.values(before)).toEqual(['new', 'new']);
    nowMs = fromMs + 7_200_000;
    expect(Object.keys(states())).toEqual(Object.keys(before));
    expect(Object.values(states()).sort()).toEqual(['new', 'processed']);
  });

  it('can be empty and go on, or lead in a circle', () => {
    const world = worldWith(10);
    const empty = page(world, { limit: '4' }, { kind: 'emptyPageWithCursor' });
    expect(empty.events).toEqual([]);
    const offset = empty.metadata.next_offset ?? '';
    expect(page(world, { offset }).events).toHaveLength(10);
    expect(page(world, { offset }, { kind: 'cursorLoop' }).metadata.next_offset).toBe(offset);
  });

  it('is hidden until it is old enough', () => {
    const world = createWorld({ nowMs: () => fromMs + 121_500 });
    world.store('a', 'trustmonitor').add(makeEvents('trustmonitor', { count: 5, fromMs }));
    expect(page(world, {}).events).toHaveLength(2);
  });
});

describe('Trust Monitor in the simulator', () => {
  it('answers over HTTPS, and is in the journal', async () => {
    const nowMs = Date.now();
    const duo = await start();
    duo.add('trustmonitor', makeEvents('trustmonitor', { count: 3, fromMs: nowMs - 3_600_000 }));
    const params = { mintime: `${nowMs - 7_200_000}`, maxtime: `${nowMs}`, limit: '2' };
    const reply = await call(duo, { path: '/admin/v1/trust_monitor/events', params });
    expect((reply.json.response as Response).events).toHaveLength(2);
    expect(duo.journal.at(-1)).toMatchObject({ endpoint: 'trustmonitor', rows: 2, params });
    expect(duo.ledger('trustmonitor').map(({ id }) => id)[0]).toMatch(/^SE[0-9A-F]{18}$/);
  });

  it('is refused to an account whose edition or permission lacks it', async () => {
    const account = {
      ikey: 'DISIMULATOR000000001',
      skey: 'simulated-secret-simulated-secret-000001',
      host: 'localhost',
      kind: 'admin',
      permissions: ['auth'],
    } as const;
    const duo = await start({ accounts: [account] });
    const reply = await call(duo, { path: '/admin/v1/trust_monitor/events', params: window });
    expect(verdict(reply)).toMatch(/^403 40301/);
  });
});
