import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serialIn } from '../../src/simulator/history.ts';
import { createLineCutter } from '../../src/simulator/lines.ts';
import type { ReceiverBehaviour } from '../../src/simulator/siem.ts';
import type { Happening } from './repeats.ts';
import type { SiemFault } from './schedule.ts';
import type { News, Order, Protocol, SiemOptions } from './siem-process.ts';

const processFile = fileURLToPath(new URL('./siem-process.js', import.meta.url));

const unreadMs = 1_500;

/** A server of a soak: a process that is killed and started again, on one port and one file. */
export class Siem {
  readonly id: string;
  readonly protocol: Protocol;
  /** All that may make the program repeat lines. */
  readonly happenings: Happening[] = [];
  /** Beginnings of lines whose connection ended. */
  readonly cutOff: string[] = [];
  readonly #file: string;
  readonly #certificate: SiemOptions['certificate'];
  readonly #arrived = new Set<string>();
  readonly #cutter = createLineCutter();
  #read = 0;
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(
    id: string,
    protocol: Protocol,
    file: string,
    certificate: SiemOptions['certificate'],
  ) {
    this.id = id;
    this.protocol = protocol;
    this.#file = file;
    this.#certificate = certificate;
  }

  get port(): number {
    return this.#port;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const child = fork(processFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    const listening = new Promise<number>((resolve, reject) => {
      child.on('message', (news: News) => {
        if (news.kind === 'listening') resolve(news.port);
        else this.#note(news);
      });
      child.once('exit', (code) => reject(new Error(`server ${this.id} ended with ${code}`)));
    });
    this.#tell({
      kind: 'start',
      options: {
        protocol: this.protocol,
        port: this.#port,
        file: this.#file,
        certificate: this.#certificate,
      },
    });
    this.#port = await listening;
  }

  /** Does wrong for so long, then right again. */
  async misbehave(fault: SiemFault, forMs: number): Promise<void> {
    if (fault.kind === 'kill') {
      // What came meanwhile lies in the system's buffers, taken and not read, and dies with the process.
      this.#tell({ kind: 'freeze', forMs: 10 * unreadMs });
      await pause(unreadMs);
      await this.kill();
      this.#fails();
      await pause(forMs);
      return this.start();
    }
    if (fault.kind === 'freeze') {
      this.#fails();
      this.#tell({ kind: 'freeze', forMs });
      return pause(forMs);
    }
    if (fault.kind === 'refuse') {
      this.#tell({ kind: 'refuse' });
      await pause(forMs);
      this.#fails();
      return this.#tell({ kind: 'accept' });
    }
    this.#tell({ kind: 'behave', behaviour: behaviourOf(fault) });
    await pause(forMs);
    this.#tell({ kind: 'behave', behaviour: {} });
  }

  /** The serials that came so far. */
  async arrived(): Promise<ReadonlySet<string>> {
    const file = await open(this.#file, 'r').catch(() => undefined);
    if (file === undefined) return this.#arrived;
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(
          Buffer.alloc(1 << 20),
          0,
          1 << 20,
          this.#read,
        );
        this.#read += bytesRead;
        for (const line of this.#cutter.push(buffer.subarray(0, bytesRead))) {
          const serial = serialIn(line.toString());
          if (serial !== undefined) this.#arrived.add(serial);
        }
        if (bytesRead === 0) return this.#arrived;
      }
    } finally {
      await file.close();
    }
  }

  /** Every line that was stored. */
  async lines(): Promise<readonly Buffer[]> {
    return createLineCutter().push(await readFile(this.#file));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  #fails(): void {
    this.happenings.push({ kind: this.protocol === 'UDP' ? 'pages' : 'failure' });
  }

  #tell(order: Order): void {
    this.#child?.send(order, () => undefined);
  }

  #note(news: Extract<News, { kind: 'connection' }>): void {
    if (news.cutOff !== '') this.cutOff.push(news.cutOff);
    this.happenings.push({ kind: 'connection', lines: news.lines, orderly: news.orderly });
  }
}

function behaviourOf(
  fault: Exclude<SiemFault, { kind: 'kill' | 'freeze' | 'refuse' }>,
): ReceiverBehaviour {
  switch (fault.kind) {
    case 'reset':
    case 'never':
      return { onHalfClose: fault.kind };
    case 'slow':
      return { readBytesPerSecond: fault.bytesPerSecond };
    case 'reset early':
      return { resetAfterBytes: fault.afterBytes };
    case 'end early':
      return { closeAfterBytes: fault.afterBytes };
    case 'late end':
      return { closeDelayMs: fault.delayMs };
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
