import fc from 'fast-check';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, type Lock } from '../../src/control/lock.ts';
import { probe } from '../../src/control/probe.ts';
import { serve, type ServeOptions } from '../../src/control/serve.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/types.ts';
import { until } from '../helpers/program.ts';
import { type FakeControls, fakeControls } from './fake-controls.ts';

/** A second of the program's is a twentieth here. */
const fast: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };
const describeMe = () => ({ pid: 4711, since: '2026-02-13T18:56:20Z', version: '3.0.0' });
const greeting = { protocol: 1, ...describeMe() };
let directory: string;
let lock: Lock;
let controls: FakeControls;
let sockets: Socket[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serve-'));
  controls = fakeControls();
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await lock.release();
  await rm(directory, { recursive: true, force: true });
});

async function open(more: Partial<ServeOptions> = {}): Promise<void> {
  const options = { describe: describeMe, controls: () => controls, clock: systemClock, ...more };
  const handle = serve(options);
  lock = await acquireLock({ stateDirectory: directory, describe: describeMe, handle });
}

function dial(): Socket {
  const socket = connect(lock.path);
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** All lines until the program hangs up. */
async function converse(request: string | Uint8Array, halfClose = false): Promise<JsonObject[]> {
  const socket = dial();
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('utf8')));
  socket.write(request);
  if (halfClose) socket.end();
  await once(socket, 'close');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
}

async function ask(request: JsonObject): Promise<JsonObject | undefined> {
  const lines = await converse(`${JSON.stringify({ v: 1, ...request })}\n`);
  expect(lines[0]).toEqual(greeting);
  return lines[1];
}

const error = (code: string, hint?: string): JsonObject => ({
  v: 1,
  ok: false,
  error: {
    code,
    message: expect.any(String) as string,
    hint: (hint === undefined ? expect.any(String) : expect.stringContaining(hint)) as string,
  },
});

describe('the control socket', () => {
  it('greets, answers one request and hangs up', async () => {
    await open();
    expect(await converse('{"v":1,"do":"status"}\n')).toEqual([
      greeting,
      { v: 1, ok: true, result: { schema_version: 1, state: 'healthy' } },
    ]);
  });

  it.runIf(process.platform !== 'win32')('is for its own user alone', async () => {
    await open();
    expect((await stat(lock.path)).mode & 0o777).toBe(0o600);
  });

  it('still tells the lock of another process who holds it', async () => {
    await open();
    expect(await probe(lock.path)).toEqual({ live: true, answer: greeting });
    await expect(
      acquireLock({ stateDirectory: directory, describe: describeMe }),
    ).rejects.toMatchObject({ code: 'already_running', message: /pid 4711/ });
  });

  it('answers also who ends his side with the request', async () => {
    await open();
    controls.reload = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { started: [], restarted: [], stopped: [], needsRestart: [], unchanged: 1 };
    };
    expect((await converse('{"v":1,"do":"reload"}\n', true))[1]).toMatchObject({ ok: true });
  });

  it('passes each verb on with what it names', async () => {
    await open();
    const feeds = { v: 1, ok: true, result: { feeds: 3 } };
    expect(await ask({ do: 'pause', endpoint: 'auth', server: 'siem' })).toEqual(feeds);
    expect(await ask({ do: 'resume', account: 'ACME' })).toEqual(feeds);
    expect(await ask({ do: 'poll' })).toEqual(feeds);
    expect(await ask({ do: 'interval', endpoint: 'auth', seconds: 300 })).toEqual(feeds);
    expect(await ask({ do: 'interval', seconds: null })).toEqual(feeds);
    expect(await ask({ do: 'maxcount', rows: 50 })).toEqual(feeds);
    expect(await ask({ do: 'gaps' })).toEqual({ v: 1, ok: true, result: { gaps: [{ id: 'g1' }] } });
    const acknowledged = { v: 1, ok: true, result: { acknowledged: 2 } };
    expect(await ask({ do: 'ack', ids: ['g1', 'g2'] })).toEqual(acknowledged);
    expect(await ask({ do: 'ack', ids: 'all' })).toEqual(acknowledged);
    expect(await ask({ do: 'reopen-logs' })).toEqual({ v: 1, ok: true, result: {} });
    expect(await ask({ do: 'reload' })).toEqual({
      v: 1,
      ok: true,
      result: {
        started: ['auth > b'],
        restarted: [],
        stopped: [],
        needs_restart: [],
        unchanged: 2,
      },
    });
    expect(await ask({ do: 'stop' })).toEqual({ v: 1, ok: true, result: {} });
    expect(controls.asked).toEqual([
      ['pause', { endpoint: 'auth', server: 'siem' }],
      ['resume', { account: 'ACME' }],
      ['poll', {}],
      ['setInterval', { endpoint: 'auth' }, 300],
      ['setInterval', {}, undefined],
      ['setMaxcount', {}, 50],
      ['acknowledge', ['g1', 'g2']],
      ['acknowledge', 'all'],
      ['reopenLogs'],
      ['reload'],
      ['stop'],
    ]);
  });

  it('refuses what it does not understand, and says what it does', async () => {
    await open();
    expect(await ask({ do: 'frobnicate' })).toEqual(error('unknown_verb', 'status, watch, pause'));
    expect(await ask({ do: 'toString' })).toEqual(error('unknown_verb'));
    expect(await ask({ do: 'pause', sever: 'siem' })).toEqual(
      error('bad_argument', 'endpoint, account, server'),
    );
    expect(await ask({ do: 'pause', server: 7 })).toEqual(error('bad_argument'));
    expect(await ask({ do: 'interval' })).toEqual(error('bad_argument'));
    expect(await ask({ do: 'interval', seconds: 0.5 })).toEqual(error('bad_argument'));
    expect(await ask({ do: 'maxcount', rows: 1001 })).toEqual(error('bad_argument'));
    for (const ids of [undefined, [], [7], 'some', {}]) {
      expect(await ask({ do: 'ack', ...(ids === undefined ? {} : { ids }) })).toEqual(
        error('bad_argument'),
      );
    }
    expect(await ask({ v: 2, do: 'status' })).toEqual(error('protocol_version'));
    expect(await ask({ do: 1 })).toEqual(error('bad_request'));
    expect((await converse('hello\n'))[1]).toEqual(error('bad_request'));
    expect((await converse('[1]\n'))[1]).toEqual(error('bad_request'));
    expect(controls.asked).toEqual([]);
  });

  it('tells an error with its code and hint, one that nobody expected by its message', async () => {
    await open();
    controls.pause = () => {
      throw new ForwarderError('no_such_feed', 'No feed of x', { hint: 'There are auth.' });
    };
    expect(await ask({ do: 'pause', endpoint: 'x' })).toEqual(error('no_such_feed', 'auth'));
    controls.reload = () => Promise.reject(new Error('the disk is gone'));
    expect(await ask({ do: 'reload' })).toEqual({
      v: 1,
      ok: false,
      error: { code: 'unexpected', message: 'the disk is gone' },
    });
  });

  it('says no secret, in an answer or an error, and its line stays whole', async () => {
    await open({ redact: (text) => text.replaceAll('"geheim":', '***') });
    controls.snapshot = { state: 'healthy', message: 'it is "geheim": yes', geheim: 1 };
    expect(await ask({ do: 'status' })).toEqual({
      v: 1,
      ok: true,
      result: { state: 'healthy', message: 'it is *** yes', geheim: 1 },
    });
    controls.reload = () => Promise.reject(new Error('no "geheim": here'));
    expect(await ask({ do: 'reload' })).toMatchObject({ error: { message: 'no *** here' } });
  });

  it('says that it starts as long as there is nothing to control', async () => {
    await open({ controls: () => undefined });
    expect(await ask({ do: 'status' })).toEqual(error('not_ready'));
  });

  it('ends who sends no request in time, or one that never ends', async () => {
    await open({ requestMs: 20 });
    expect(await converse('')).toEqual([greeting]);
    expect(await converse('{"v":1,')).toEqual([greeting]);
    await lock.release();
    await open();
    expect((await converse('x'.repeat(20_000)))[1]).toEqual(error('bad_request'));
    expect((await converse(`${'x'.repeat(17_000)}\n`))[1]).toEqual(error('bad_request'));
  });

  it('streams snapshots until the caller leaves', async () => {
    await open({ clock: fast });
    let taken = 0;
    controls.status = async () => ({ number: (taken += 1) });
    const socket = dial();
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('utf8')));
    socket.write('{"v":1,"do":"watch","seconds":1}\n');
    await until('two snapshots', () => text.includes('"number":2'));
    socket.destroy();
    const before = taken;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBeLessThanOrEqual(before + 1);
  });

  it('makes nothing more for a caller that does not read, and drops him', async () => {
    await open({ clock: fast, takeMs: 2_000 });
    let made = 0;
    const large = 'x'.repeat(4_000_000);
    controls.status = async () => ({ large, number: (made += 1) });
    const socket = dial();
    socket.pause();
    const gone = once(socket, 'close');
    socket.write('{"v":1,"do":"watch","seconds":1}\n');
    await until('the first', () => made > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(made).toBe(1);
    socket.resume();
    await gone;
  });

  it('answers a few at a time, and tells the others to come again', async () => {
    await open();
    let end: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    controls.reopenLogs = () => held;
    let told = 0;
    const all = Array.from({ length: 20 }, async () => {
      const answer = await ask({ do: 'reopen-logs' });
      told += 1;
      return answer;
    });
    await until('the refused', () => told === 4);
    end?.();
    const answers = await Promise.all(all);
    expect(answers.filter((answer) => answer?.['ok'] === true)).toHaveLength(16);
    expect(answers.filter((answer) => answer?.['ok'] === false)).toEqual(
      Array(4).fill(error('busy')),
    );
  });
});

describe('hostile callers', () => {
  const odd = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(`${text}\n`)),
    fc
      .record({
        v: fc.constantFrom(1, '1', null),
        do: fc.oneof(fc.constantFrom('pause', 'interval', 'watch', '__proto__'), fc.string()),
        server: fc.jsonValue(),
        ['__proto__']: fc.jsonValue(),
      })
      .map((value) => Buffer.from(`${JSON.stringify(value)}\n`)),
    fc.constantFrom(Buffer.from('['.repeat(16_000) + '\n'), Buffer.alloc(40_000, 0x61)),
  );

  it('never harm the program, and never reach it with what makes no sense', async () => {
    await open({ requestMs: 500, takeMs: 500 });
    await fc.assert(
      fc.asyncProperty(odd, fc.constantFrom('end', 'destroy', 'wait'), async (bytes, leave) => {
        const socket = dial();
        socket.resume();
        const gone = once(socket, 'close');
        socket.write(bytes);
        if (leave === 'end') socket.end();
        if (leave === 'destroy') socket.destroy();
        if (leave === 'wait' && bytes.includes(0x0a)) await Promise.race([gone, sleep(20)]);
        socket.destroy();
        await gone;
      }),
      { numRuns: 200 },
    );
    for (const [verb, selection] of controls.asked) {
      expect(['pause', 'setInterval']).toContain(verb);
      for (const name of Object.values(selection as object))
        expect(name).toEqual(expect.any(String));
    }
    expect(await ask({ do: 'status' })).toMatchObject({ ok: true });
  });

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
});
