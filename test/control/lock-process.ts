import { fork, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// The built lock: real processes run it. `npm test` builds first.
const lock = new URL('../../dist/src/control/lock.js', import.meta.url).href;
const program = `
import { acquireLock } from '${lock}';
process.on('message', ({ stateDirectory, tmpdir }) => {
  const describe = () => ({ pid: process.pid, since: '2026-02-13T18:56:20Z' });
  acquireLock({ stateDirectory, describe, tmpdir }).then(
    (lock) => process.send({ won: true, path: lock.path }),
    (error) => process.send({ won: false, code: error.code, message: error.message }),
  );
});
process.send({ ready: true });
`;

/** A program that takes the lock when it is told to. Gives its file. */
export async function writeRacer(directory: string): Promise<string> {
  const file = join(directory, 'racer.mjs');
  await writeFile(file, program);
  return file;
}

export interface Result {
  readonly won: boolean;
  readonly path?: string;
  readonly code?: string;
  readonly message?: string;
}

/** A process that waits for the start and then tries to take the lock. */
export class Racer {
  readonly #process: ChildProcess;
  readonly #ready: Promise<unknown>;

  constructor(program: string) {
    this.#process = fork(program, { stdio: 'inherit' });
    this.#ready = this.#nextMessage();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async ready(): Promise<this> {
    await this.#ready;
    return this;
  }

  async race(stateDirectory: string, tmpdir: string): Promise<Result> {
    const answer = this.#nextMessage();
    this.#process.send({ stateDirectory, tmpdir });
    return (await answer) as Result;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }

  #nextMessage(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', resolve);
      this.#process.once('error', reject);
    });
  }
}
