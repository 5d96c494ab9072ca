import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { rootsWith } from '../../src/duo/connect.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { answer, authority, clientOf, failureOf, get, okBody, serve } from './duo-server.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('the certificate authority of the config', () => {
  it('adds to those that Node trusts', () => {
    const roots = rootsWith(authority.certPem);
    expect(roots).toContain(authority.certPem);
    for (const root of tls.rootCertificates) expect(roots).toContain(root);
  });

  it('may be a file with several, among them the right one', async () => {
    const server = await serve((_, response) => answer(response, 200, okBody));
    const duo = clientOf({ ca: `${createAuthority().certPem}\n# ours\n${authority.certPem}` });
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    const page = await duo.send(get(server.account), new AbortController().signal);
    expect(page.lists.size).toBe(1);
  });
});

describe('a connection', () => {
  it('that fails once is tried anew by the next call', async () => {
    let sick = true;
    const server = await serve((request, response) => {
      if (sick) request.socket.destroy();
      else answer(response, 200, okBody);
    });
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_reset');
    sick = false;
    await duo.send(get(server.account), new AbortController().signal);
    expect(server.connections()).toBe(2);
  });

  it('is never tried again by itself: one failed handshake is one failed call', async () => {
    const stranger = createAuthority().issue({ names: ['localhost'] });
    const server = await serve(() => undefined, stranger);
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_tls_untrusted');
    expect(server.connections()).toBe(1);
  });
});

describe('the environment', () => {
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  const before = names.map((name) => process.env[name]);

  afterEach(() => {
    names.forEach((name, index) => {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    });
  });

  it('names no proxy: only the config does', async () => {
    for (const name of names) process.env[name] = 'http://127.0.0.1:1';
    const server = await serve((_, response) => answer(response, 200, okBody));
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    await duo.send(get(server.account), new AbortController().signal);
    expect(server.requests).toHaveLength(1);
  });
});
