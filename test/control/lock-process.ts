import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = [
  'src/control/lock.ts',
  'src/control/probe.ts',
  'src/control/server.ts',
  'src/control/socket-path.ts',
  'src/core/errors.ts',
  'src/core/row.ts',
];
const program = `
import { acquireLock } from './src/control/lock.js';
process.on('message', ({ stateDirectory, tmpdir }) => {
  const describe = () => ({ pid: process.pid, since: '2026-02-13T18:56:20Z' });
  acquireLock({ stateDirectory, describe, tmpdir }).then(
    (lock) => process.send({ won: true, path: lock.path }),
    (error) => process.send({ won: false, code: error.code, message: error.message }),
  );
});
process.send({ ready: true });
`;

/** The lock as plain JavaScript in a folder, so that real processes can run it. Gives the program. */
export async function compileLock(directory: string): Promise<string> {
  for (const source of sources) {
    const { outputText } = ts.transpileModule(await readFile(join(root, source), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(directory, source.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction');
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const file = join(directory, 'racer.js');
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
