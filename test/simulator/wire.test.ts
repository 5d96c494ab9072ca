import { request } from 'node:https';
import { describe, expect, it } from 'vitest';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { call } from './client.ts';
import type { Reply } from './client.ts';
import { authPage, duoStarter, paths, readAuth, sleep, verdict } from './harness.ts';

const start = duoStarter();
const fromMs = Date.now() - 3_600_000;
const window = { mintime: `${fromMs}`, maxtime: `${Date.now()}`, sort: 'ts:asc', limit: '10' };

async function withFault(...faults: readonly Fault[]): Promise<DuoSimulator> {
  const duo = await start();
  duo.add('auth', makeEvents('auth', { count: 30, fromMs }));
  duo.faults.push(...faults);
  return duo;
}

const ask = (duo: DuoSimulator, offset?: string): Promise<Reply> =>
  call(duo, { path: paths.auth, params: { ...window, ...(offset && { next_offset: offset }) } });

const cursorOf = (reply: Reply): string => authPage(reply).metadata.next_offset?.join(',') ?? '';
const serialsOf = (reply: Reply): string[] => authPage(reply).authlogs.map((row) => row.user.name);

/** What has come of the answer until the connection ended or `ms` passed. */
function raw(duo: DuoSimulator, ms: number): Promise<{ bytes: number; end: string }> {
  return new Promise((resolve) => {
    let bytes = 0;
    const finish = (end: string): void => {
      outgoing.destroy();
      resolve({ bytes, end });
    };
    // Faults of the wire come whether or not the request was right.
    const options = { host: '127.0.0.1', port: duo.port, ca: duo.certPem, servername: 'localhost' };
    const outgoing = request({ ...options, agent: false, path: paths.auth }, (incoming) => {
      incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
      incoming.on('end', () => finish('end'));
      incoming.on('error', () => finish('cut'));
    });
    outgoing.on('error', () => finish('cut'));
    outgoing.end();
    void sleep(ms).then(() => finish('silence'));
  });
}

describe('an answer that goes wrong', () => {
  it('can be any status and body', async () => {
    const html = '<html>502</html>';
    const duo = await withFault(
      { kind: 'status', status: 502, body: html },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 200, body: html, headers: { 'X-Edge': 'yes' } },
    );
    const replies = [await ask(duo), await ask(duo), await ask(duo), await ask(duo)];
    expect(replies.map((reply) => reply.status)).toEqual([502, 503, 200, 200]);
    expect(replies.map((reply) => reply.bytes.length).slice(0, 3)).toEqual([16, 0, 16]);
    expect(replies[2]?.headers['x-edge']).toBe('yes');
    expect(replies[3]?.json.stat).toBe('OK');
    expect(duo.journal.map((entry) => entry.fault)).toEqual([
      'status',
      'status',
      'status',
      undefined,
    ]);
  });

  it('can be a FAIL with an odd code or none', async () => {
    const duo = await withFault(
      { kind: 'fail', code: '', message: 'odd' },
      { kind: 'fail', status: 400, code: null },
      { kind: 'fail' },
    );
    const bodies = [await ask(duo), await ask(duo), await ask(duo)].map((reply) => reply.json);
    expect(bodies).toEqual([
      { stat: 'FAIL', code: '', message: 'odd' },
      { stat: 'FAIL', code: null },
      { stat: 'FAIL' },
    ]);
  });

  it('can be 429 in JSON or HTML, a redirect, or another shape', async () => {
    const duo = await withFault(
      { kind: 'tooManyRequests' },
      { kind: 'tooManyRequests', html: true },
      { kind: 'redirect', location: 'https://elsewhere.example/' },
      { kind: 'wrongShape' },
    );
    expect(verdict(await ask(duo))).toBe('429 42901');
    expect((await ask(duo)).headers['content-type']).toBe('text/html');
    expect((await ask(duo)).headers['location']).toBe('https://elsewhere.example/');
    expect((await ask(duo)).json.response).toBe('surprise');
  });

  it('can hold half a JSON text', async () => {
    const reply = await ask(await withFault({ kind: 'truncatedJson' }));
    expect(reply.status).toBe(200);
    expect(() => JSON.parse(reply.bytes.toString()) as unknown).toThrow();
  });

  it('can carry a wrong Date', async () => {
    const { headers } = await ask(await withFault({ kind: 'dateOffset', ms: -3_600_000 }));
    const offMs = Date.parse(String(headers['date'])) - Date.now();
    expect(Math.abs(offMs + 3_600_000)).toBeLessThan(5000);
  });
});

describe('a connection that goes wrong', () => {
  it('can end before the headers or in the middle of the body', async () => {
    const duo = await withFault({ kind: 'cutBeforeHeaders' }, { kind: 'cutMidBody' });
    expect(await raw(duo, 5000)).toEqual({ bytes: 0, end: 'cut' });
    const half = await raw(duo, 5000);
    expect(half.end).toBe('cut');
    expect(half.bytes).toBeGreaterThan(10);
  });

  it('can end in the middle of long bodies alone', async () => {
    const duo = await withFault({ kind: 'cutMidBody', overBytes: 1000, times: 2 });
    expect((await raw(duo, 5000)).end).toBe('end');
    await expect(ask(duo)).rejects.toThrow();
  });

  it('can end in the middle of a chunked body', async () => {
    const duo = await withFault({ kind: 'cutMidBody', chunked: true });
    const half = await raw(duo, 5000);
    expect(half.end).toBe('cut');
    expect(half.bytes).toBeGreaterThan(10);
  });

  it('can fall silent, at once or after some bytes', async () => {
    const duo = await withFault({ kind: 'stall' }, { kind: 'stall', afterBytes: 9 });
    expect(await raw(duo, 100)).toEqual({ bytes: 0, end: 'silence' });
    expect(await raw(duo, 100)).toEqual({ bytes: 9, end: 'silence' });
  });

  it('can drip', async () => {
    const duo = await withFault({ kind: 'slowDrip', bytesPerSecond: 40 });
    const { bytes, end } = await raw(duo, 300);
    expect(end).toBe('silence');
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(40);
  });

  it('can flood', async () => {
    const duo = await withFault({ kind: 'endlessBody' });
    const { bytes, end } = await raw(duo, 300);
    expect(end).toBe('silence');
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  it('can carry a gigabyte packed into a megabyte', async () => {
    const reply = await ask(await withFault({ kind: 'gzipBomb' }));
    expect(reply.headers['content-encoding']).toBe('gzip');
    expect(reply.bytes.length).toBeLessThan(2_000_000);
    expect(reply.bytes.length).toBeGreaterThan(500_000);
  });
});

describe('a page that goes wrong', () => {
  it('can be short although more rows follow', async () => {
    const duo = await withFault({ kind: 'shortPage', rows: 5, times: 2 });
    expect(await readAuth(duo, window, { limit: '10' })).toHaveLength(30);
    expect(duo.journal.map((entry) => entry.rows)).toEqual([5, 5, 10, 10, 0]);
  });

  it('can come back with the cursor that was sent', async () => {
    const duo = await withFault({ kind: 'cursorLoop', when: (number) => number > 1 });
    const cursor = cursorOf(await ask(duo));
    expect(cursorOf(await ask(duo, cursor))).toBe(cursor);
    expect(cursorOf(await ask(duo, cursor))).toBe(cursor);
  });

  it('can be empty with a cursor that leads on', async () => {
    const duo = await withFault({ kind: 'emptyPageWithCursor', times: 3 });
    const first = await ask(duo);
    const second = await ask(duo, cursorOf(first));
    expect([serialsOf(first), serialsOf(second)]).toEqual([[], []]);
    expect(cursorOf(second)).not.toBe(cursorOf(first));
    const third = await ask(duo, cursorOf(second));
    expect(serialsOf(await ask(duo, cursorOf(third)))[0]).toBe('u00000001');
    duo.faults.push({ kind: 'emptyPageWithCursor' });
    const page = await ask(duo);
    duo.faults.push({ kind: 'emptyPageWithCursor' });
    const empty = await ask(duo, cursorOf(page));
    expect(serialsOf(await ask(duo, cursorOf(empty)))).toHaveLength(10);
  });

  it('can come twice', async () => {
    const duo = await withFault({ kind: 'duplicatePage', when: (number) => number === 2 });
    const first = await ask(duo);
    const second = await ask(duo, cursorOf(first));
    expect(serialsOf(second)).toEqual(serialsOf(first));
    expect(serialsOf(await ask(duo, cursorOf(second)))[0]).toBe('u00000011');
  });
});
