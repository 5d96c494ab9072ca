import { spawn } from 'node:child_process';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { messageOf } from '../../core/errors.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `service` does to the machine; tests pass their own. */
export interface System {
  readonly execPath: string;
  /** Starts a program without a shell; one that cannot be started ends with 127. */
  run(argv: readonly string[]): Promise<Ran>;
  write(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** With its parents; one that is there is fine. */
  makeFolder(path: string): Promise<void>;
  /** The real path of a file; undefined when there is none. */
  realpath(path: string): Promise<string | undefined>;
  /** Undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

export const realSystem: System = {
  execPath: process.execPath,
  run,
  async write(path, text) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o644 });
  },
  remove: (path) => rm(path, { force: true }),
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  realpath: (path) => realpath(path).catch(() => undefined),
  ask: process.stdin.isTTY ? ask : undefined,
};

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

function run(argv: readonly string[]): Promise<Ran> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: messageOf(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
