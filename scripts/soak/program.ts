import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sample, parseSamples } from './memory.ts';
import type { Happening } from './repeats.ts';
import type { ProgramFault } from './schedule.ts';
import { pause } from './siem.ts';

const mainFile = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const watchFile = new URL('./watch-memory.js', import.meta.url).href;
/** Windows knows no signal that a program could answer, or that stops it for a while. */
const hasSignals = process.platform !== 'win32';
/** The program gives what is on its way 25 s. */
const stopWithinMs = 40_000;
const upWithinMs = 8_000;

/** The built program, through all its lives. */
export class Program {
  /** What it did that it must not. */
  readonly complaints: string[] = [];
  lives = 0;
  readonly folder: string;
  readonly #args: readonly string[];
  /** Called when a life ends, or stood still: what may be repeated then. */
  readonly #onFault: (happening: Happening) => void;
  #child: ChildProcess | undefined;
  #isMeantToEnd = false;
  #startedMs = 0;
  #rotations = 0;

  constructor(folder: string, args: readonly string[], onFault: (happening: Happening) => void) {
    this.folder = folder;
    this.#args = args;
    this.#onFault = onFault;
  }

  get logFile(): string {
    return join(this.folder, 'duologsync.log');
  }

  start(): void {
    this.lives += 1;
    this.#startedMs = Date.now();
    this.#isMeantToEnd = false;
    const file = join(this.folder, `memory-${this.lives}.csv`);
    const args = [
      '--expose-gc',
      '--import',
      watchFile,
      mainFile,
      'run',
      join(this.folder, 'config.yml'),
    ];
    const child = spawn(process.execPath, [...args, ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DUOLOGSYNC_SOAK_MEMORY: file },
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
    child.once('exit', (code, signal) => {
      if (this.#isMeantToEnd) return;
      this.complaints.push(`the program ended by itself with ${code ?? signal}: ${said}`);
    });
    this.#child = child;
  }

  async suffer({ kind }: ProgramFault, forMs: number): Promise<void> {
    switch (kind) {
      case 'kill -9':
        await this.#end('SIGKILL');
        await pause(forMs);
        return this.start();
      case 'stop':
        await this.stop();
        await pause(forMs);
        return this.start();
      case 'suspend':
        if (!hasSignals) return;
        await this.#untilUp();
        this.#child?.kill('SIGSTOP');
        await pause(forMs);
        this.#onFault({ kind: 'failure' });
        this.#child?.kill('SIGCONT');
        return;
      case 'rotate':
        if (!hasSignals) return;
        await this.#untilUp();
        this.#rotations += 1;
        await rename(this.logFile, `${this.logFile}-${this.#rotations}`).catch(() => undefined);
        this.#child?.kill('SIGHUP');
        return;
    }
  }

  /** As a service manager stops it. */
  async stop(): Promise<void> {
    await this.#untilUp();
    const child = this.#child;
    const late = setTimeout(() => {
      this.complaints.push(`the program did not stop within ${stopWithinMs / 1000} s`);
      child?.kill('SIGKILL');
    }, stopWithinMs);
    const code = await this.#end('SIGTERM');
    clearTimeout(late);
    if (hasSignals && code !== 0) {
      this.complaints.push(`the program ended with ${code} when it was told to stop`);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** What it held, life by life. */
  async memory(): Promise<Sample[][]> {
    const names = (await readdir(this.folder)).filter((name) => name.startsWith('memory-'));
    const texts = names.map((name) => readFile(join(this.folder, name), 'utf8'));
    return (await Promise.all(texts)).map(parseSamples);
  }

  /** Before it listens to signals, SIGHUP and SIGTERM would end it, as they end any process. */
  async #untilUp(): Promise<void> {
    await pause(this.#startedMs + upWithinMs - Date.now());
  }

  async #end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#isMeantToEnd = true;
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals]>;
    child.kill(signal);
    const [code, by] = await exited;
    this.#onFault({ kind: 'pages' });
    return code ?? by;
  }
}
