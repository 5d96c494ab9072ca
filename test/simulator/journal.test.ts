import { describe, expect, it } from 'vitest';
import { call, rightParams } from './client.ts';
import { duoStarter, paths } from './harness.ts';

const start = duoStarter();
const nowMs = Date.now();
const params = { mintime: `${nowMs - 1000}`, maxtime: `${nowMs}` };

describe('the journal', () => {
  it('notes what was asked, by whom, how it was signed, and what became of it', async () => {
    const duo = await start({ nowMs: () => nowMs });
    const date = new Date(nowMs).toUTCString();
    await call(duo, { path: paths.auth, params, date, version: 'v2-sha512' });
    expect(duo.journal).toEqual([
      {
        number: 1,
        timeMs: nowMs,
        method: 'GET',
        host: 'localhost',
        path: paths.auth,
        ikey: duo.account.ikey,
        endpoint: 'auth',
        account: duo.account.ikey,
        params,
        repeated: [],
        signature: 'v2-sha512',
        date,
        userAgent: 'test',
        bodyLength: 0,
        status: 200,
        verdict: 'ok',
        rows: 0,
        fault: undefined,
      },
    ]);
  });

  it('notes refusals with their reason, and repeated names', async () => {
    const duo = await start();
    await call(duo, { path: paths.auth, params: { ...params, maxtime: params.mintime } });
    await call(duo, { path: paths.auth, params, skey: 'wrong' });
    const query = `${rightParams(params)}&mintime=1`;
    await call(duo, { path: paths.auth, params, query });
    expect(duo.journal.map(({ status, verdict }) => [status, verdict])).toEqual([
      [400, '40002 maxtime'],
      [401, '40103'],
      [401, '40103'],
    ]);
    expect(duo.journal[2]?.repeated).toEqual(['mintime']);
  });

  it('holds neither the secret nor a signature', async () => {
    const duo = await start();
    const { sent } = await call(duo, { path: paths.auth, params });
    const text = JSON.stringify(duo.journal);
    expect(text).not.toContain(duo.account.skey);
    expect(text).not.toContain(String(sent['Authorization']).slice(6));
  });
});
