import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { refusal } from '../../src/web/request.ts';

const noToken = { token: undefined, hosts: ['logs.example.org'] };
const withToken = { token: new Secret('a-long-random-word'), hosts: [] };

function asked(headers: Record<string, string>, method = 'GET'): Parameters<typeof refusal>[0] {
  return { method, headers };
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('without a token a request is answered', () => {
  it.each([
    'localhost',
    'LOCALHOST:8686',
    'localhost.',
    '127.0.0.1:8686',
    '127.9.9.9',
    '[::1]:8686',
    '[::1]',
    'logs.example.org:80',
    'Logs.Example.Org',
  ])('by the name %s', (host) => {
    expect(refusal(asked({ host }), noToken, false)).toBeUndefined();
  });

  it.each([
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['10.0.0.1', 403],
    ['localhost.evil.example', 403],
    ['localhost:8686@evil.example', 400],
    ['', 400],
    ['[::1', 400],
    ['local host', 400],
  ])('not by %j', (host, status) => {
    expect(refusal(asked({ host }), noToken, false)).toMatchObject({ status });
    expect(refusal(asked({ host }), noToken, true)).toMatchObject({ status });
  });

  it('not without any name', () => {
    expect(refusal(asked({}), noToken, false)).toMatchObject({ status: 400 });
  });
});

describe('with a token a request is answered', () => {
  it.each([
    'Bearer a-long-random-word',
    'bearer a-long-random-word',
    basic('anyone:a-long-random-word'),
  ])('with %s, by any name', (authorization) => {
    const headers = { host: '10.0.0.1', authorization };
    expect(refusal(asked(headers), withToken, false)).toBeUndefined();
  });

  it.each([
    'Bearer a-long-random-wor',
    'Bearer a-long-random-word2',
    'Bearer ',
    'a-long-random-word',
    basic('a-long-random-word:'),
    basic(':wrong'),
    'Digest a-long-random-word',
    '',
  ])('not with %j', (authorization) => {
    const no = refusal(asked({ host: 'localhost', authorization }), withToken, false);
    expect(no).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': /^Basic/ } });
    expect(JSON.stringify(no)).not.toContain('a-long-random-word');
  });

  it('without it only when what is asked for is open to all', () => {
    expect(refusal(asked({ host: '10.0.0.1' }), withToken, true)).toBeUndefined();
    expect(refusal(asked({ host: '10.0.0.1' }), withToken, false)).toMatchObject({ status: 401 });
  });
});

describe('a request that would change something', () => {
  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('by %s is refused', (method) => {
    const headers = { host: 'localhost' };
    expect(refusal(asked(headers, method), noToken, true)).toMatchObject({
      status: 405,
      headers: { Allow: 'GET, HEAD' },
    });
  });
});
