import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, type CallOptions, holderOf, stream } from '../../src/control/call.ts';
import { serve } from '../../src/control/serve.ts';
import {
  answerOnce,
  type ConnectionHandler,
  type ControlServer,
  listen,
} from '../../src/control/server.ts';
import { socketPath } from '../../src/control/socket-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/types.ts';
import { type FakeControls, fakeControls } from './fake-controls.ts';

const me = { pid: 4711, since: '2026-02-13T18:56:20Z', version: '3.0.0' };
let directory: string;
let options: CallOptions;
let controls: FakeControls;
let server: ControlServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'call-'));
  controls = fakeControls();
  options = {
    stateDirectory: directory,
    platform: process.platform,
    tmpdir: directory,
    uid: process.getuid?.(),
    clock: systemClock,
    howToStart: 'Start it: duologsync config.yml',
  };
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function run(handle: ConnectionHandler): Promise<void> {
  server = await listen(await socketPath(options), handle);
}

const program = (): ConnectionHandler =>
  serve({ describe: () => me, controls: () => controls, clock: systemClock });

const refused = (code: string, text: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(text) as string });

describe('a command', () => {
  it('gets the result of what it asks the running program', async () => {
    await run(program());
    expect(await call({ do: 'pause', endpoint: 'auth' }, options)).toEqual({ feeds: 3 });
    expect(controls.asked).toEqual([['pause', { endpoint: 'auth' }]]);
    expect(await holderOf(options)).toEqual(me);
  });

  it('gets an answer of many megabytes whole', async () => {
    await run(program());
    controls.snapshot = { text: 'ü\n'.repeat(3_000_000) };
    expect(await call({ do: 'status' }, options)).toEqual(controls.snapshot);
  });

  it('gets the error that the program tells', async () => {
    await run(program());
    controls.pause = () => {
      throw new ForwarderError('no_such_feed', 'There is no x', { hint: 'There are auth.' });
    };
    await expect(call({ do: 'pause', endpoint: 'x' }, options)).rejects.toMatchObject({
      code: 'no_such_feed',
      message: 'There is no x',
      hint: 'There are auth.',
    });
  });

  it('says how to start the program when nobody is there', async () => {
    await expect(call({ do: 'status' }, options)).rejects.toMatchObject({
      code: 'not_running',
      hint: 'Start it: duologsync config.yml',
    });
    expect(await holderOf(options)).toBeUndefined();
    await writeFile(join(directory, 's'), 'what a killed process left');
    await expect(call({ do: 'status' }, options)).rejects.toMatchObject({ code: 'not_running' });
    const missing = { ...options, stateDirectory: join(directory, 'missing') };
    await expect(call({ do: 'status' }, missing)).rejects.toMatchObject({ code: 'not_running' });
  });

  it('waits while the program starts', async () => {
    let ready = 0;
    await run(
      serve({
        describe: () => me,
        controls: () => ((ready += 1) > 2 ? controls : undefined),
        clock: systemClock,
      }),
    );
    expect(await call({ do: 'poll' }, options)).toEqual({ feeds: 3 });
    expect(ready).toBe(3);
  });

  it('says plainly that the program is paused or hangs', async () => {
    await run(() => undefined);
    await expect(call({ do: 'status' }, { ...options, greetMs: 50 })).rejects.toEqual(
      refused('control_silent', /runs but does not answer within 0.05 s/),
    );
    await server?.close();
    await run((socket) => socket.write(`${JSON.stringify({ protocol: 1, ...me })}\n`));
    await expect(call({ do: 'status' }, { ...options, answerMs: 50 })).rejects.toEqual(
      refused('control_silent', /does not answer/),
    );
  });

  it('tells an older and a newer program apart, and what to do about each', async () => {
    await run(answerOnce(() => me));
    await expect(call({ do: 'status' }, options)).rejects.toEqual(
      refused('control_version', /3\.0\.0, pid 4711\) is older than this command/),
    );
    await server?.close();
    await run(answerOnce(() => ({ protocol: 2, ...me })));
    await expect(call({ do: 'status' }, options)).rejects.toEqual(
      refused('control_version', /is newer than this command/),
    );
  });

  it('is not fooled by what else may answer there', async () => {
    for (const text of ['nonsense\n', '[1]\n', '{}\n', '']) {
      await run((socket) => socket.end(text));
      await expect(call({ do: 'status' }, options)).rejects.toMatchObject({
        code: expect.stringMatching(/bad_answer|control_lost/) as string,
      });
      await server?.close();
    }
    const greeting = `${JSON.stringify({ protocol: 1, ...me })}\n`;
    await run((socket) => socket.end(greeting));
    await expect(call({ do: 'status' }, options)).rejects.toMatchObject({ code: 'control_lost' });
    await server?.close();
    await run((socket) => socket.end(`${greeting}{"v":1}\n`));
    await expect(call({ do: 'status' }, options)).rejects.toMatchObject({ code: 'bad_answer' });
  });

  it.runIf(process.platform !== 'win32')(
    'says plainly that a program of another user is not for this one',
    async () => {
      await run(program());
      // Root may enter every folder: it has to be somebody else for a moment.
      await chmod(directory, 0);
      if (process.getuid?.() === 0) process.seteuid?.(65_534);
      try {
        await expect(call({ do: 'status' }, options)).rejects.toEqual(
          refused('control_denied', /this user may not talk to it/),
        );
      } finally {
        if (process.getuid?.() === 0) process.seteuid?.(0);
        await chmod(directory, 0o700);
      }
    },
  );
});

describe('a stream', () => {
  it('hands on one result after the other until it is stopped', async () => {
    let made = 0;
    controls.status = async () => ({ number: (made += 1) });
    const fast = {
      ...systemClock,
      sleep: (_ms: number, s: AbortSignal) => systemClock.sleep(5, s),
    };
    await run(serve({ describe: () => me, controls: () => controls, clock: fast }));
    const stop = new AbortController();
    const taken: JsonValue[] = [];
    await stream(
      { do: 'watch' },
      options,
      (result) => {
        taken.push(result);
        if (taken.length === 3) stop.abort();
      },
      stop.signal,
    );
    expect(taken).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
  });

  it('ends when the program does', async () => {
    await run(program());
    const taken: JsonValue[] = [];
    await stream(
      { do: 'watch', seconds: 3600 },
      options,
      async (result) => {
        taken.push(result);
        await server?.close();
      },
      new AbortController().signal,
    );
    expect(taken).toHaveLength(1);
  });
});
