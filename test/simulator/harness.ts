import { afterEach, expect } from 'vitest';
import { startDuo } from '../../src/simulator/duo-server.ts';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';
import type { DuoOptions } from '../../src/simulator/options.ts';
import { call } from './client.ts';
import type { Reply } from './client.ts';

export const paths = {
  auth: '/admin/v2/logs/authentication',
  activity: '/admin/v2/logs/activity',
  telephony: '/admin/v2/logs/telephony',
  adminaction: '/admin/v1/logs/administrator',
} as const;

/** A simulated Duo that is closed after the test. */
export function duoStarter(): (options?: DuoOptions) => Promise<DuoSimulator> {
  const open: DuoSimulator[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((duo) => duo.close()));
  });
  return async (options = {}) => {
    const duo = await startDuo(options);
    open.push(duo);
    return duo;
  };
}

/** `status code detail` of a refusal, or `200 OK`. */
export function verdict({ status, json }: Reply): string {
  const words = [status, json.code ?? json.stat, json.message_detail];
  return words.filter((word) => word !== undefined).join(' ');
}

export interface AuthPage {
  readonly authlogs: readonly { readonly txid: string; readonly user: { readonly name: string } }[];
  readonly metadata: {
    readonly next_offset: readonly [string, string] | null;
    readonly total_objects: number;
  };
}

export function authPage(reply: Reply): AuthPage {
  return reply.json.response as AuthPage;
}

/** Reads auth as a right client does: a fixed window, ascending, the cursor followed to its end. */
export async function readAuth(
  duo: DuoSimulator,
  window: { readonly mintime: string; readonly maxtime: string },
  { limit = '1000', nowMs = Date.now() } = {},
): Promise<string[]> {
  const date = new Date(nowMs).toUTCString();
  const serials: string[] = [];
  let offset: string | undefined;
  do {
    const params = { ...window, limit, sort: 'ts:asc', ...(offset && { next_offset: offset }) };
    const reply = await call(duo, { path: paths.auth, params, date });
    expect(verdict(reply)).toBe('200 OK');
    const { authlogs, metadata } = authPage(reply);
    serials.push(...authlogs.map((row) => row.user.name));
    offset = metadata.next_offset?.join(',');
  } while (offset !== undefined);
  return serials;
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the condition holds; a test that waits for ever times out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
