import { afterEach, describe, expect, it } from 'vitest';
import { startDuo } from '../../src/simulator/duo-server.ts';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import type { DuoOptions } from '../../src/simulator/options.ts';
import { call } from './client.ts';
import type { Reply } from './client.ts';

const open: DuoSimulator[] = [];

async function start(options: DuoOptions = {}): Promise<DuoSimulator> {
  const duo = await startDuo(options);
  open.push(duo);
  return duo;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((duo) => duo.close()));
});

const auth = '/admin/v2/logs/authentication';
const fromMs = Date.now() - 3_600_000;

type Rows = { txid: string; user: { name: string } }[];
interface AuthPage {
  authlogs: Rows;
  metadata: { next_offset: [string, string] | null; total_objects: number };
}

function page(reply: Reply): AuthPage {
  return reply.json.response as AuthPage;
}

async function readAll(duo: DuoSimulator, limit = '1000'): Promise<string[]> {
  const serials: string[] = [];
  const window = { mintime: `${fromMs}`, maxtime: `${Date.now() - 120_000}` };
  let offset: string | undefined;
  do {
    const params = { ...window, limit, sort: 'ts:asc', ...(offset && { next_offset: offset }) };
    const reply = await call(duo, { path: auth, params });
    expect(reply.status).toBe(200);
    const { authlogs, metadata } = page(reply);
    serials.push(...authlogs.map((row) => row.user.name));
    offset = metadata.next_offset?.join(',');
  } while (offset !== undefined);
  return serials;
}

describe('the simulated Duo', () => {
  it('serves a right client every event once, in order of time', async () => {
    const duo = await start();
    duo.add('auth', makeEvents('auth', { count: 2500, fromMs, stepMs: 1000 }));
    const serials = await readAll(duo);
    expect(serials).toEqual(duo.ledger('auth').map((row) => row.serial));
    expect(duo.journal.map((entry) => entry.rows)).toEqual([1000, 1000, 500, 0]);
  });
});
