import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebianProgram } from '../../scripts/debian.mjs';
import { until } from './program.ts';

/** Certificates of a receiver as PEM text. */
export interface CollectorTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Whether clients need a certificate of that authority. */
  readonly clientsToo: boolean;
}

/** A real receiver, unpacked from Debian's packages and started on a free port of 127.0.0.1. */
export interface Collector {
  readonly port: number;
  /** A folder of its own, removed by `stop`. */
  readonly folder: string;
  /** What it has stored in all its lives: whole lines, without LF, in the order of storing. */
  lines(): Promise<Buffer[]>;
  /** What it said about itself. */
  said(): Promise<string>;
  /** Ends it by SIGKILL, as a crash would; what it has read and not written is gone. */
  crash(): Promise<void>;
  /** Starts it again on the same port; resolves when it listens. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** The files of one life of a receiver; each life stores into a file of its own, so that no torn line grows together with a next one. */
export interface LifeFiles {
  readonly folder: string;
  readonly port: number;
  readonly stored: string;
  readonly config: string;
}

/** What differs between receivers. */
export interface CollectorKind {
  readonly debian: DebianProgram;
  readonly protocol: 'tcp' | 'udp';
  /** Started by root it becomes a user without rights, to whom its folder is then open. */
  readonly dropsRights?: boolean;
  /** Further files for its folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  config(files: LifeFiles): string;
  args(files: LifeFiles): readonly string[];
}

/** Starts it; rejects with its own words when it does not come to listen. */
export async function startCollector(kind: CollectorKind): Promise<Collector> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-collector-'));
  const port = await freePort();
  const isOpen = kind.dropsRights === true;
  if (isOpen) await chmod(folder, 0o777);
  for (const [name, text] of Object.entries(kind.files ?? {})) {
    await writeFile(join(folder, name), text, { mode: isOpen ? 0o644 : 0o600 });
  }
  const collector = new Process(kind, folder, port);
  try {
    await collector.startAgain();
  } catch (error) {
    await collector.stop();
    throw error;
  }
  return collector;
}

class Process implements Collector {
  readonly port: number;
  readonly folder: string;
  readonly #kind: CollectorKind;
  #life = 0;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(kind: CollectorKind, folder: string, port: number) {
    this.#kind = kind;
    this.folder = folder;
    this.port = port;
  }

  async lines(): Promise<Buffer[]> {
    const lines: Buffer[] = [];
    for (let life = 1; life <= this.#life; life += 1) {
      const bytes = await readFile(this.#stored(life)).catch(() => Buffer.alloc(0));
      for (let from = 0, at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
        lines.push(bytes.subarray(from, at));
        from = at + 1;
      }
    }
    return lines;
  }

  async said(): Promise<string> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.diagnosis'));
    const texts = names.map((name) => readFile(join(this.folder, name), 'utf8'));
    return [this.#output, ...(await Promise.all(texts))].join('\n');
  }

  crash(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async startAgain(): Promise<void> {
    this.#life += 1;
    const { debian, protocol } = this.#kind;
    const config = join(this.folder, `life-${this.#life}.conf`);
    const files = {
      folder: this.folder,
      port: this.port,
      stored: this.#stored(this.#life),
      config,
    };
    await writeFile(config, this.#kind.config(files));
    const child = spawn(debian.program, this.#kind.args(files), {
      cwd: this.folder,
      env: debian.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let failure: string | undefined;
    child.once('error', (error) => (failure = error.message));
    child.once('exit', (code, signal) => (failure ??= `it ended with ${code ?? signal}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (this.#output += data.toString('utf8')));
    }
    const listening = until('the receiver to listen', () => {
      if (failure === undefined) return isListening(protocol, this.port);
      throw new Error(failure);
    });
    await listening.catch(async (error: unknown) => {
      throw new Error(`${debian.program} does not run:\n${await this.said()}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(late);
  }

  #stored(life: number): string {
    return join(this.folder, `stored-${life}.log`);
  }
}

/** By the kernel's list: a trial connection would stand in the receiver's log as a failure. */
function isListening(protocol: 'tcp' | 'udp', port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const state = protocol === 'tcp' ? '0A' : '07';
  return readFileSync(`/proc/net/${protocol}`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some((columns) => columns[1]?.endsWith(local) === true && columns[3] === state);
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
