import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { main } from '../../../src/cli/program.ts';
import { acquireLock } from '../../../src/control/lock.ts';
import { serve } from '../../../src/control/serve.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { type FakeControls, fakeControls } from '../../control/fake-controls.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Io } from '../../../src/cli/io.ts';
import { fakeIo } from '../fake-io.ts';

/** A config, and a program that runs with it and writes down what it is told. */
export interface Place {
  readonly config: string;
  readonly state: string;
  /** Undefined while it does not run. */
  controls: FakeControls;
  start(pid?: number): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'running-'));
  const config = join(folder, 'config.yml');
  const lines = [
    "version: '1.0.0'",
    'dls_settings:',
    '  checkpointing:',
    `    directory: '${folder}'`,
    'account:',
    '  hostname: api-1a2b3c4d.duosecurity.com',
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const state = stateDirectory(folder, 'api-1a2b3c4d.duosecurity.com');
  let stop = async (): Promise<void> => undefined;
  const place: Place = {
    config,
    state,
    controls: fakeControls(),
    start: async (pid = 4711) => {
      await mkdir(state, { recursive: true });
      const describe = () => ({ pid, since: '2026-02-13T18:56:20Z', version: '3.0.0', config });
      const handle = serve({ describe, controls: () => place.controls, clock: systemClock });
      const lock = await acquireLock({ stateDirectory: state, describe, handle });
      stop = () => lock.release();
    },
    stop: () => stop(),
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return place;
}

/** Runs a command line inside this process. */
export async function duologsync(argv: readonly string[], more: Partial<Io> = {}) {
  const io = fakeIo({ env: { LANG: 'C.UTF-8' }, ...more });
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}
