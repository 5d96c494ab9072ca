import { request } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { call, send } from './client.ts';
import { authPage, duoStarter, paths, readAuth, until } from './harness.ts';

const start = duoStarter();
const fromMs = Date.now() - 3_600_000;
const window = { mintime: `${fromMs}`, maxtime: `${Date.now()}` };

describe('the simulated Duo', () => {
  it('serves a right client every visible event once, in order of time', async () => {
    const duo = await start();
    duo.add('auth', makeEvents('auth', { count: 2500, fromMs, stepMs: 1000 }));
    expect(await readAuth(duo, window)).toEqual(duo.ledger('auth').map((row) => row.serial));
    expect(duo.journal.map((entry) => entry.rows)).toEqual([1000, 1000, 500, 0]);
  });

  it('hides a row until it is old enough by its own clock, and dates its answers by it', async () => {
    let nowMs = Date.now();
    const duo = await start({ nowMs: () => nowMs });
    const late = { latenessMs: (index: number) => (index === 0 ? 60_000 : 0) };
    duo.add('auth', makeEvents('auth', { count: 2, fromMs: nowMs, stepMs: 1, ...late }));
    const span = { mintime: `${nowMs - 1000}`, maxtime: `${nowMs + 1000}` };
    expect(await readAuth(duo, span, { nowMs })).toEqual([]);
    nowMs += 120_002;
    expect(await readAuth(duo, span, { nowMs })).toEqual(['u00000002']);
    nowMs += 60_000;
    expect(await readAuth(duo, span, { nowMs })).toEqual(['u00000001', 'u00000002']);
    const { headers } = await call(duo, {
      path: paths.auth,
      params: span,
      date: new Date(nowMs).toUTCString(),
    });
    expect(headers['date']).toBe(new Date(nowMs).toUTCString());
  });

  it('passes rows on byte for byte', async () => {
    const duo = await start();
    const seconds = Math.ceil(fromMs / 1000);
    const row = `{ "isotimestamp":"","n":1.50,"n":-0,"s":"\\/\\u00e9é\u2028","timestamp":${seconds} ,"x":1e16}`;
    duo.add('auth', [row]);
    const { bytes } = await call(duo, { path: paths.auth, params: window });
    expect(bytes.includes(row)).toBe(true);
  });

  it('cuts bodies at odd bytes and compresses them when asked to, whole in the end', async () => {
    const duo = await start({ oddChunks: true, gzip: true });
    duo.add('auth', makeEvents('auth', { count: 50, fromMs }));
    const plain = await call(duo, { path: paths.auth, params: window });
    expect(plain.headers['transfer-encoding']).toBe('chunked');
    expect(authPage(plain).authlogs).toHaveLength(50);
    const headers = { 'Accept-Encoding': 'gzip' };
    const packed = await call(duo, { path: paths.auth, params: window, headers });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4);
  });

  it('keeps accounts apart', async () => {
    const other = { ikey: 'DIOTHER', skey: 'other', host: '127.0.0.1', kind: 'admin' } as const;
    const duo = await start({ accounts: [{ ...other, host: 'localhost', ikey: 'DIONE' }, other] });
    duo.add('auth', makeEvents('auth', { count: 1, fromMs }));
    duo.add('auth', makeEvents('auth', { count: 2, fromMs, letter: 'b' }), 'DIOTHER');
    expect(await readAuth(duo, window)).toEqual(['u00000001']);
    expect(duo.ledger('auth', 'DIOTHER').map((row) => row.serial)).toEqual([
      'b00000001',
      'b00000002',
    ]);
  });

  it('speaks HTTPS alone, from TLS 1.2 on, under the authority that it was given', async () => {
    const authority = createAuthority();
    const duo = await start({ authority });
    expect(duo.certPem).toBe(authority.certPem);
    const plain = await new Promise<string>((resolve) => {
      const outgoing = request({ port: duo.port, host: '127.0.0.1' }, () => resolve('answered'));
      outgoing.on('error', () => resolve('refused'));
      outgoing.end();
    });
    expect(plain).toBe('refused');
    const old = await new Promise<string>((resolve) => {
      const options = { port: duo.port, ca: duo.certPem, servername: 'localhost' };
      const socket = connectTls({
        ...options,
        host: '127.0.0.1',
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
      });
      socket.on('secureConnect', () => resolve('accepted'));
      socket.on('error', () => resolve('refused'));
    });
    expect(old).toBe('refused');
  });

  it('answers 421 when the TLS name is not the host that is called', async () => {
    const duo = await start();
    const reply = await send(duo, 'localhost', 'GET', '/', { Host: '127.0.0.1' });
    expect(reply.status).toBe(421);
  });

  it('may be away for a while, and come back at the same port with all that it knew', async () => {
    const duo = await start();
    duo.add('auth', makeEvents('auth', { count: 2, fromMs }));
    await duo.stop();
    await expect(call(duo, { path: paths.auth, params: window })).rejects.toThrow('ECONNREFUSED');
    await duo.start();
    expect(await readAuth(duo, window)).toHaveLength(2);
  });

  it('can change its certificate while it runs', async () => {
    const duo = await start();
    duo.certify({ validToMs: Date.now() - 1000 });
    await expect(readAuth(duo, window)).rejects.toThrow('certificate has expired');
    duo.certify({}, createAuthority());
    await expect(readAuth(duo, window)).rejects.toThrow(/certificate/);
    duo.certify({});
    expect(await readAuth(duo, window)).toEqual([]);
  });

  it('ends all connections at once when it is closed, and frees its port', async () => {
    const duo = await start();
    const idle = connect(duo.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    let closed = false;
    idle.on('error', () => undefined).on('close', () => (closed = true));
    await duo.close();
    await until(() => closed);
    const again = await start({ port: duo.port });
    expect(again.port).toBe(duo.port);
  });
});
