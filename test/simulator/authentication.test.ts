import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/simulator/options.ts';
import { call, rightParams, send } from './client.ts';
import type { Call } from './client.ts';
import { duoStarter, paths, verdict } from './harness.ts';

const start = duoStarter();
const nowMs = Date.now();
// Characters on which canonicalisers differ, in a parameter that the log ignores.
const params = {
  mintime: `${nowMs - 60_000}`,
  maxtime: `${nowMs}`,
  note: "it's (a) *test*! a+b ~é",
};
const right: Call = { path: paths.auth, params };
const invalidSignature = '401 40103';

async function ask(wrong: Partial<Call>): Promise<string> {
  return verdict(await call(await start(), { ...right, ...wrong }));
}

describe('a right client gets through', () => {
  it('with v5 and with v2-sha512', async () => {
    expect(await ask({})).toBe('200 OK');
    expect(await ask({ version: 'v2-sha512' })).toBe('200 OK');
  });

  it('with v2-sha1 only where that is accepted', async () => {
    expect(await ask({ version: 'v2-sha1' })).toBe(invalidSignature);
    const duo = await start({ accept: ['v2-sha1'] });
    expect(verdict(await call(duo, { ...right, version: 'v2-sha1' }))).toBe('200 OK');
    expect(verdict(await call(duo, right))).toBe(invalidSignature);
  });

  it('with a host in capitals that it signs in small letters', async () => {
    const accounts = [{ ...defaultAccount, host: 'LocalHost' }];
    expect(verdict(await call(await start({ accounts }), right))).toBe('200 OK');
  });

  it('with blanks written as + on the wire but as %20 in what is signed', async () => {
    expect(await ask({ query: new URLSearchParams(params).toString() })).toBe('200 OK');
  });

  it('with X-Duo-Date in place of Date, when v5 signs it', async () => {
    const date = new Date().toUTCString();
    const xDuoHash = createHash('sha512').update(`x-duo-date\0${date}`).digest('hex');
    const headers = { 'X-Duo-Date': date };
    expect(await ask({ date, headers, xDuoHash })).toBe('200 OK');
  });

  it('with a Date in each spelling that clients use', async () => {
    const date = new Date().toUTCString();
    for (const zone of ['GMT', '+0000', '-0000']) {
      expect(await ask({ date: date.replace('GMT', zone) })).toBe('200 OK');
    }
  });
});

describe('a key', () => {
  it('that is revoked, reset, or kept to other networks is refused from the next call on', async () => {
    const duo = await start();
    expect(verdict(await call(duo, right))).toBe('200 OK');
    duo.setAccounts([{ ...defaultAccount, networks: ['203.0.113.7'] }]);
    expect(verdict(await call(duo, right))).toBe('403 40301');
    duo.setAccounts([{ ...defaultAccount, networks: ['203.0.113.7', '127.0.0.1'] }]);
    expect(verdict(await call(duo, right))).toBe('200 OK');
    duo.setAccounts([{ ...defaultAccount, skey: 'another' }]);
    expect(verdict(await call(duo, right))).toBe(invalidSignature);
    duo.setAccounts([]);
    expect(verdict(await call(duo, right))).toBe('401 40102');
  });
});

describe('a wrong client is refused', () => {
  it('when it signs the host in capitals', async () => {
    const accounts = [{ ...defaultAccount, host: 'LocalHost' }];
    const wrong = { ...right, signedHost: 'LocalHost' };
    expect(verdict(await call(await start({ accounts }), wrong))).toBe(invalidSignature);
  });

  it('when it signs the port with the host', async () => {
    expect(await ask({ signedHost: 'localhost:443' })).toBe(invalidSignature);
  });

  it("when it leaves !'()* bare, as encodeURIComponent does", async () => {
    const canonicalParams = (given: Readonly<Record<string, string>>): string =>
      Object.keys(given)
        .sort()
        .map((key) => `${key}=${encodeURIComponent(given[key] ?? '')}`)
        .join('&');
    expect(await ask({ canonicalParams })).toBe(invalidSignature);
  });

  it('when it signs + for a blank', async () => {
    const canonicalParams = (given: Readonly<Record<string, string>>): string =>
      rightParams(given).replaceAll('%20', '+');
    expect(await ask({ canonicalParams })).toBe(invalidSignature);
  });

  it('when it does not sort the parameters', async () => {
    const canonicalParams = (given: Readonly<Record<string, string>>): string =>
      rightParams(given).split('&').reverse().join('&');
    expect(await ask({ canonicalParams })).toBe(invalidSignature);
  });

  it('when it sends an x-duo header that it did not sign', async () => {
    expect(await ask({ headers: { 'X-Duo-Date': new Date().toUTCString() } })).toBe(
      invalidSignature,
    );
  });

  it('when its secret is wrong', async () => {
    expect(await ask({ skey: 'another' })).toBe(invalidSignature);
  });

  it('when its key is unknown, or belongs to another host', async () => {
    expect(await ask({ ikey: 'DIUNKNOWN' })).toBe('401 40102');
    const other = { ikey: 'DIOTHER', skey: 'key', host: '127.0.0.1', kind: 'admin' } as const;
    const duo = await start({ accounts: [defaultAccount, other] });
    const wrong = { ...right, ikey: 'DIOTHER', skey: 'key' };
    expect(verdict(await call(duo, wrong))).toBe('401 40102');
  });

  it('when its clock is off by more than the tolerance, or its Date is none', async () => {
    const offBy = (ms: number): string => new Date(Date.now() + ms).toUTCString();
    expect(await ask({ date: offBy(-290_000) })).toBe('200 OK');
    expect(await ask({ date: offBy(-310_000) })).toBe('401 40105');
    expect(await ask({ date: offBy(310_000) })).toBe('401 40105');
    expect(await ask({ date: 'yesterday' })).toBe('401 40105');
    const strict = await start({ skewToleranceMs: 1000 });
    expect(verdict(await call(strict, { ...right, date: offBy(-5000) }))).toBe('401 40105');
  });

  it('when credentials, date or the content type of a POST are missing', async () => {
    const duo = await start();
    const { sent } = await call(duo, right);
    const { Date: date, Authorization: authorization } = sent as Record<string, string>;
    const ask = async (method: string, headers: Record<string, string>): Promise<string> =>
      verdict(await send(duo, 'localhost', method, paths.auth, headers));
    expect(await ask('GET', { Date: `${date}` })).toBe('401 40101');
    expect(await ask('GET', { Date: `${date}`, Authorization: 'Bearer x' })).toBe('401 40101');
    expect(await ask('GET', { Authorization: `${authorization}` })).toBe('401 40101');
    const both = { Date: `${date}`, Authorization: `${authorization}` };
    expect(await ask('POST', both)).toBe('401 40101 Content-Type');
  });

  it('when it retries a minute later with the headers of the first try', async () => {
    let clockMs = nowMs;
    const options = { nowMs: () => clockMs };
    const duo = await start(options);
    const date = new Date(nowMs).toUTCString();
    const { sent } = await call(duo, { ...right, date });
    const target = `${paths.auth}?${rightParams(params)}`;
    const retry = async (): Promise<string> =>
      verdict(await send(duo, 'localhost', 'GET', target, sent));
    clockMs += 59_000;
    expect(await retry()).toBe('200 OK');
    clockMs += 2_000;
    expect(await retry()).toBe(invalidSignature);
    const fresh = { ...right, date: new Date(clockMs).toUTCString() };
    expect(verdict(await call(duo, fresh))).toBe('200 OK');
  });

  it('when it sends the same headers twice, where Duo is that strict', async () => {
    const duo = await start({ refuseAnyReuse: true });
    const { sent } = await call(duo, right);
    const target = `${paths.auth}?${rightParams(params)}`;
    expect(verdict(await send(duo, 'localhost', 'GET', target, sent))).toBe(invalidSignature);
  });
});
