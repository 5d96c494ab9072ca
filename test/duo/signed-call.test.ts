import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Account } from '../../src/core/types.ts';
import { authorization } from '../../src/duo/sign.ts';
import { signedCall, type Credentials } from '../../src/duo/signed-call.ts';

const nowMs = Date.UTC(2024, 4, 24, 12);
const date = 'Fri, 24 May 2024 12:00:00 GMT';
const child: Account = { id: 'DACHILD', name: 'child', apiHost: 'API-Child.duosecurity.com:8443' };

function credentials(signature: 'v5' | 'v2'): Credentials {
  return { ikey: 'DIABC', skey: new Secret('key'), signature, userAgent: 'duologsync/test' };
}

describe('a call for a child account', () => {
  it('goes to the child’s host with its account id in the query', () => {
    const request = {
      account: child,
      method: 'GET',
      path: '/admin/v1/x',
      params: { b: '2', z: '1' },
    } as const;
    const call = signedCall(request, credentials('v5'), nowMs);
    expect(call.origin).toBe('https://api-child.duosecurity.com:8443');
    expect(call.path).toBe('/admin/v1/x?account_id=DACHILD&b=2&z=1');
    expect(call.body).toBeUndefined();
    expect(call.headers).toMatchObject({ date });
  });
});

describe('a POST', () => {
  const request = {
    account: child,
    method: 'POST',
    path: '/admin/v1/x',
    params: { z: 'ä b', b: '2' },
  } as const;
  const signable = {
    date,
    method: 'POST',
    host: 'api-child.duosecurity.com',
    path: '/admin/v1/x',
    duoHeaders: {},
  };

  it('carries sorted JSON under v5, and signs these very bytes', () => {
    const call = signedCall(request, credentials('v5'), nowMs);
    const body = '{"account_id":"DACHILD","b":"2","z":"ä b"}';
    expect(call).toMatchObject({ path: '/admin/v1/x', body });
    expect(call.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: authorization('v5', 'DIABC', new Secret('key'), {
        ...signable,
        params: '',
        body,
      }),
    });
  });

  it('carries a form under v2', () => {
    const call = signedCall(request, credentials('v2'), nowMs);
    const params = 'account_id=DACHILD&b=2&z=%C3%A4%20b';
    expect(call).toMatchObject({ path: '/admin/v1/x', body: params });
    expect(call.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      authorization: authorization('v2', 'DIABC', new Secret('key'), {
        ...signable,
        params,
        body: '',
      }),
    });
  });

  it('without parameters carries an empty object', () => {
    const account = { ...child, id: undefined };
    expect(signedCall({ ...request, account, params: {} }, credentials('v5'), nowMs).body).toBe(
      '{}',
    );
  });
});
