import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { Histories } from '../../src/status/history.ts';
import type { Look } from '../../src/status/monitor.ts';
import type { Parts } from '../../src/status/parts.ts';
import { type Snapshot, snapshotOf } from '../../src/status/snapshot.ts';
import { notReady } from '../../src/web/routes.ts';
import { openWebServer, type WebOptions, type WebServer } from '../../src/web/server.ts';
import { recordingLog } from '../engine/parts.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from '../status/parts.ts';

function lookAt(more: Partial<Parts> = {}): Look {
  const all = parts(more);
  return { parts: all, kept: nothingKept, snapshot: snapshotOf(all, new Histories(), nothingKept) };
}

async function opened(more: Partial<WebOptions> = {}): Promise<WebServer> {
  const server = await openWebServer({
    port: 0,
    address: '127.0.0.1',
    token: undefined,
    hosts: [],
    accountLabel: true,
    look: () => Promise.resolve(lookAt()),
    log: recordingLog().log,
    ...more,
  });
  onTestFinished(() => server.close());
  return server;
}

async function get(server: WebServer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

describe('the status port', () => {
  it('serves metrics as Prometheus asks for them', async () => {
    const answer = await get(await opened(), '/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('# TYPE duologsync_events_sent_total counter\n');
  });

  it('serves the page with a policy of its own, as the address asks for it', async () => {
    const server = await opened();
    const answer = await get(server, '/?q=nothing-like-this');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = answer.headers.get('content-security-policy') ?? '';
    const [, nonce = ''] = /script-src 'nonce-([^']+)'/.exec(policy) ?? [];
    const text = await answer.text();
    expect(text).toContain(`nonce="${nonce}"`);
    expect(text).toContain('nothing-like-this');
    const again = await get(server, '/');
    expect(again.headers.get('content-security-policy')).not.toBe(policy);
  });

  it('serves the snapshot that `duologsync status --json` prints', async () => {
    const answer = await get(await opened(), '/api/v1/status');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual(lookAt().snapshot);
  });

  it('is healthy as long as it answers, and ready when servers and Duo are', async () => {
    const well = await opened();
    expect(await (await get(well, '/healthz')).text()).toBe('ok\n');
    expect((await get(well, '/readyz')).status).toBe(200);
    const down = lookAt({ servers: [serverPart('siem', refused)] });
    const ill = await opened({ look: () => Promise.resolve(down) });
    expect((await get(ill, '/healthz')).status).toBe(200);
    const answer = await get(ill, '/readyz');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('not ready: 1 of 1 servers in trouble\n');
  });

  it('lets nothing be kept, framed or guessed', async () => {
    const { headers } = await get(await opened(), '/api/v1/status');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('says what there is to whoever asks for something else', async () => {
    const answer = await get(await opened(), '/__proto__');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('/metrics');
    expect((await get(await opened(), '/metrics?x=1')).status).toBe(200);
  });

  it('answers HEAD with headers alone', async () => {
    const answer = await get(await opened(), '/metrics', { method: 'HEAD' });
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100);
    expect(await answer.text()).toBe('');
  });

  it('tells strangers nothing but whether it is well', async () => {
    const server = await opened({ token: new Secret('a-long-random-word') });
    for (const path of ['/metrics', '/api/v1/status', '/nothing']) {
      const answer = await get(server, path);
      expect(answer.status, path).toBe(401);
      expect(await answer.text()).not.toContain('auth');
    }
    expect((await get(server, '/healthz')).status).toBe(200);
    expect((await get(server, '/readyz')).status).toBe(200);
    const headers = { authorization: 'Bearer a-long-random-word' };
    expect((await get(server, '/metrics', { headers })).status).toBe(200);
  });

  it('refuses what is no HTTP, and what never ends, and goes on', async () => {
    const server = await opened();
    for (const bytes of ['\x16\x03\x01', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`]) {
      const socket = connect(server.port, '127.0.0.1');
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.on('error', () => undefined).resume();
      socket.write(bytes);
      await closed;
    }
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  it('answers one question of a connection at a time', async () => {
    let looks = 0;
    const look = (): Promise<Look> => {
      looks += 1;
      return Promise.resolve(lookAt());
    };
    const server = await opened({ look });
    const socket = connect(server.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(500));
    await closed;
    expect(looks).toBe(1);
  });

  it('answers the next question of a connection', async () => {
    const server = await opened();
    const socket = connect(server.port, '127.0.0.1');
    for (const path of ['/metrics', '/', '/healthz']) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString('latin1'), path).toContain('HTTP/1.1 200');
      // The rest of it.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    socket.destroy();
  });

  it('survives a look that fails, and tells the log', async () => {
    const { log, said } = recordingLog();
    const server = await opened({ log, look: () => Promise.reject(new Error('no look')) });
    await expect(get(server, '/metrics')).rejects.toThrow();
    expect(said).toMatchObject([{ level: 'warn', fields: { message: 'no look' } }]);
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  it('that is taken or nowhere ends the start with what to do', async () => {
    const { port } = await opened();
    await expect(opened({ port })).rejects.toMatchObject({ code: 'status_port_taken' });
    await expect(opened({ address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'status_port_unusable',
      hint: expect.stringContaining('status_address') as string,
    });
  });
});

describe('ready', () => {
  const snapshot = (more: Partial<Parts>): Snapshot => lookAt(more).snapshot;
  const problem = { code: 'duo_refused', message: 'no', hint: undefined, scope: 'source' };

  it('is a program of which one child account is refused', () => {
    const feeds = [feedPart('auth'), feedPart('activity', { phase: 'parked', problem })];
    expect(notReady(snapshot({ feeds }))).toBeUndefined();
  });

  it.each<[string, Partial<Parts>]>([
    ['Duo gives none of the logs', { feeds: [feedPart('auth', { phase: 'parked', problem })] }],
    [
      'Duo has not answered yet',
      { feeds: [feedPart('auth', { phase: 'starting', sinceMs: nowMs })] },
    ],
    ['there are no feeds yet', { feeds: [] }],
    ['all feeds are paused', { feeds: [feedPart('auth', {}, { pausedSinceMs: nowMs })] }],
    [
      'Duo has not answered yet',
      {
        feeds: [
          feedPart('auth', { phase: 'starting', sinceMs: nowMs }),
          feedPart('activity', { phase: 'parked', problem }),
        ],
      },
    ],
  ])('is not one of which is to say: %s', (why, more) => {
    expect(notReady(snapshot(more))).toBe(why);
  });
});
