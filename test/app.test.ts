import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type AppOptions, openApp } from '../src/app.ts';
import { openFileStore } from '../src/checkpoint/file-store.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/core/clock.ts';
import { silentLogger } from '../src/core/log.ts';
import { packageVersion } from '../src/core/version.ts';
import { checkSequence } from '../src/simulator/check-sequence.ts';
import { startDuo } from '../src/simulator/duo-server.ts';
import { makeEvents } from '../src/simulator/history.ts';
import { type StreamReceiver, startTcpReceiver } from '../src/simulator/siem.ts';
import { fakeIo } from './cli/fake-io.ts';
import { never } from './engine/parts.ts';
import { makeWorkplace, type Workplace } from './helpers/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function place() {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const siems = [await startTcpReceiver(), await startTcpReceiver()];
  const servers = siems.map(({ port }, i) => {
    return { id: `siem${i}`, protocol: 'TCP', port, endpoints: ['auth'] } as const;
  });
  const workplace = await makeWorkplace(duo, servers);
  closers.push(
    () => duo.close(),
    ...siems.map((siem) => () => siem.stop()),
    () => workplace.remove(),
  );
  return { duo, siems, workplace, state: join(workplace.folder, 'app') };
}

async function edit(workplace: Workplace, from: string, to: string): Promise<void> {
  const text = await readFile(workplace.configFile, 'utf8');
  expect(text).toContain(from);
  await writeFile(workplace.configFile, text.replace(from, to));
}

async function optionsOf(
  workplace: Workplace,
  stateDirectory: string | undefined,
  more: AppOptions['overrides'] = {},
): Promise<AppOptions> {
  const loaded = await loadConfig(workplace.configFile, { env: {}, platform: process.platform });
  if (loaded.config === undefined || loaded.paths === undefined) {
    throw new Error(JSON.stringify(loaded.problems));
  }
  return {
    config: loaded.config,
    paths: loaded.paths,
    stateDirectory,
    clock: systemClock,
    log: silentLogger,
    sender: 'here',
    extraCa: undefined,
    overrides: { once: true, intervalSeconds: 1, requestsPerMinute: 6000, ...more },
  };
}

async function runOnce(options: AppOptions): Promise<boolean> {
  const app = await openApp(options);
  try {
    return await app.run(never, never);
  } finally {
    await app.close();
  }
}

const report = (siem: StreamReceiver, sent: readonly { readonly serial: string }[]) =>
  checkSequence({ sent, received: siem.lines(), format: 'json' });

describe('the program as a whole', () => {
  it('asks Duo once for several servers, under its own name', async () => {
    const { duo, siems, workplace, state } = await place();
    duo.add('auth', makeEvents('auth', { count: 2500, fromMs: Date.now() - 3_600_000 }));
    expect(await runOnce(await optionsOf(workplace, state))).toBe(true);
    for (const siem of siems) {
      expect(report(siem, duo.ledger('auth'))).toMatchObject({ lost: [], repeated: 0 });
    }
    // Once: to Duo's own end, because no other poll follows. A server that lags two pages asks again for
    // itself; without sharing it were eight calls.
    const pages = duo.journal.map(({ rows }) => rows);
    expect(new Set(pages)).toEqual(new Set([1000, 500, 0]));
    expect(pages.length).toBeLessThan(8);
    // What was learned of the servers is on disk at the end, however short the run.
    expect(await readdir(state)).toContain('learned.json');
    expect(duo.journal[0]?.userAgent).toMatch(`duologsync/${packageVersion()}`);
  });

  it("begins each server as far back as its own `offset` says, else the file's", async () => {
    const { duo, siems, workplace, state } = await place();
    const hourMs = 3_600_000;
    const plan = { count: 40, fromMs: Date.now() - 39.5 * hourMs, stepMs: hourMs };
    duo.add('auth', makeEvents('auth', plan));
    await edit(workplace, '    log_format: JSON', '    log_format: JSON\n    offset: 1');
    await runOnce(await optionsOf(workplace, state));
    expect(siems.map(({ received }) => received)).toEqual([24, 40]);
  });

  it('prints an event once, however many servers would get it, and remembers nothing', async () => {
    const { duo, siems, workplace } = await place();
    duo.add('auth', makeEvents('auth', { count: 30, fromMs: Date.now() - 60_000, stepMs: 100 }));
    const io = fakeIo();
    expect(await runOnce(await optionsOf(workplace, undefined, { stdout: io.stdout }))).toBe(true);
    expect(io.out().split('\n')).toHaveLength(31);
    expect(siems.map(({ received }) => received)).toEqual([0, 0]);
    expect(await readdir(workplace.folder)).toEqual(['ca.pem', 'config.yml']);
  });

  it('remembers no position with `checkpointing.enabled: false`: each start sends all again', async () => {
    const { duo, siems, workplace, state } = await place();
    duo.add('auth', makeEvents('auth', { count: 5, fromMs: Date.now() - 60_000 }));
    await edit(workplace, '  checkpointing:', '  checkpointing:\n    enabled: false');
    for (let start = 0; start < 2; start += 1) await runOnce(await optionsOf(workplace, state));
    expect(siems[0]?.received).toBe(10);
    expect(await readdir(state)).not.toContain('feeds');
  });

  it('saves where each server is, for itself', async () => {
    const { duo, siems, workplace, state } = await place();
    duo.add('auth', makeEvents('auth', { count: 5, fromMs: Date.now() - 60_000 }));
    await siems[1]?.stop();
    const app = await openApp(await optionsOf(workplace, state));
    const stop = new AbortController();
    const running = app.run(stop.signal, stop.signal);
    while ((siems[0]?.received ?? 0) < 5 || app.statuses[0]?.phase !== 'ended') {
      await systemClock.sleep(5, never);
    }
    stop.abort(new Error('enough'));
    expect(await running).toBe(false);
    await app.close();
    const options = { configuredServerIds: ['siem0', 'siem1'], clock: systemClock };
    const store = openFileStore({ directory: state, log: silentLogger, ...options });
    const stored = await store.list();
    const byServer = new Map(stored.map((one) => [one.identity.server.id, one.checkpoint.cursor]));
    const last = duo.ledger('auth').at(-1);
    expect(byServer.get('siem0')).toMatchObject({
      positionMs: last?.timeMs,
      positionId: last?.id,
    });
    expect(byServer.get('siem1')?.positionId).toBeUndefined();
  });
});
