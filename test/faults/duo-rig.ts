import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, type AppOptions, type Overrides, openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type Authority, createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import { type EventPlan, makeEvents } from '../../src/simulator/history.ts';
import type { DuoOptions } from '../../src/simulator/options.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { never, recordingLog, type Said } from '../engine/parts.ts';
import { makeWorkplace, until } from '../helpers/program.ts';
import { fastClock } from './duo-clock.ts';

export interface RigOptions {
  /** How many times as fast as the machine's the clock of Duo and of the program runs; 300. */
  readonly factor?: number;
  readonly endpoints?: readonly EndpointName[];
  readonly format?: 'JSON' | 'CEF';
  readonly duo?: DuoOptions;
  /** Lines of the config file's sections. */
  readonly api?: readonly string[];
  readonly account?: readonly string[];
  readonly proxy?: readonly string[];
  readonly overrides?: Overrides;
  /** False: the test starts the program itself. */
  readonly start?: boolean;
}

/** The whole program in this process, between a simulated Duo and a server that keeps what it gets. */
export interface Rig {
  readonly clock: Clock;
  readonly duo: DuoSimulator;
  readonly authority: Authority;
  readonly siem: StreamReceiver;
  readonly said: readonly Said[];
  /** Adds events of this very moment, unless the plan says otherwise. */
  add(endpoint: EndpointName, count: number, plan?: Partial<EventPlan>, account?: string): void;
  /** Another Duo at the same address, which the test closed before. */
  replaceDuo(options?: DuoOptions): Promise<void>;
  /** Starts the program on what the last run left; `clock`: another time. */
  start(clock?: Clock): Promise<void>;
  /** Ends it gently; resolves to whether every feed did all that it had to. */
  stop(): Promise<boolean>;
  readonly app: App;
  /** The program's state directory. */
  readonly state: string;
  /** What the server has of these logs (all without any), against what Duo has. */
  report(...endpoints: readonly EndpointName[]): SequenceReport;
  arrived(...endpoints: readonly EndpointName[]): Promise<void>;
  /** The first line of the log with this code, once it is there. */
  told(code: string, feed?: string): Promise<Said>;
  close(): Promise<void>;
}

/** All waits of the sinks in the machine's own time. */
function timing(factor: number): NonNullable<Overrides['timing']> {
  return {
    connectMs: 10_000 * factor,
    progressMs: 30_000 * factor,
    backoffBaseMs: 100 * factor,
    backoffCapMs: 1_000 * factor,
    gatherMs: 20 * factor,
    settleMs: 250 * factor,
    quickMs: 3_000 * factor,
  };
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { factor = 300, endpoints = ['auth', 'telephony'], format = 'JSON' } = options;
  const rig = new OpenRig(options, factor, endpoints, format);
  await rig.open();
  return rig;
}

class OpenRig implements Rig {
  readonly authority = createAuthority();
  readonly said: Said[];
  clock: Clock;
  duo!: DuoSimulator;
  siem!: StreamReceiver;
  app!: App;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #log = recordingLog();
  readonly #options: RigOptions;
  readonly #factor: number;
  readonly #endpoints: readonly EndpointName[];
  readonly #format: 'JSON' | 'CEF';
  #configFile = '';
  state = '';
  #stop = new AbortController();
  #running: Promise<boolean> = Promise.resolve(true);
  #serial = 1;

  constructor(
    options: RigOptions,
    factor: number,
    endpoints: readonly EndpointName[],
    format: 'JSON' | 'CEF',
  ) {
    this.#options = options;
    this.#factor = factor;
    this.#endpoints = endpoints;
    this.#format = format;
    this.said = this.#log.said;
    this.clock = fastClock(factor);
  }

  async open(): Promise<void> {
    const { api = [], account = [], proxy = [], start = true } = this.#options;
    this.duo = await startDuo(this.#duoOptions());
    this.#closers.push(() => this.duo.close());
    this.siem = await startTcpReceiver();
    this.#closers.push(() => this.siem.stop());
    const server = { id: 'siem', protocol: 'TCP', port: this.siem.port } as const;
    const servers = [{ ...server, endpoints: this.#endpoints, format: this.#format }];
    const workplace = await makeWorkplace(this.duo, servers, api, account);
    this.#closers.push(() => workplace.remove());
    if (proxy.length > 0) {
      const section = ['  proxy:', ...proxy.map((line) => `    ${line}`), '  checkpointing:'];
      const text = await readFile(workplace.configFile, 'utf8');
      await writeFile(workplace.configFile, text.replace('  checkpointing:', section.join('\n')));
    }
    this.#configFile = workplace.configFile;
    this.state = join(workplace.folder, 'app');
    if (start) await this.start();
  }

  add(
    endpoint: EndpointName,
    count: number,
    plan: Partial<EventPlan> = {},
    account?: string,
  ): void {
    const given = { fromMs: this.clock.nowMs(), stepMs: 0, ...plan };
    const events = makeEvents(endpoint, { count, firstSerial: this.#serial, ...given });
    this.#serial += count;
    this.duo.add(endpoint, events, account);
  }

  async replaceDuo(options: DuoOptions = {}): Promise<void> {
    this.duo = await startDuo({ ...this.#duoOptions(), ...options, port: this.duo.port });
  }

  async start(clock = this.clock): Promise<void> {
    this.clock = clock;
    const env = { env: {}, platform: process.platform };
    const { config, paths, problems } = await loadConfig(this.#configFile, env);
    if (config === undefined || paths === undefined) throw new Error(JSON.stringify(problems));
    const options: AppOptions = {
      config,
      paths,
      stateDirectory: this.state,
      clock,
      log: this.#log.log,
      sender: 'here',
      extraCa: undefined,
      overrides: {
        calls: { deadlineMs: 10_000, maxBodyBytes: 2_000_000 },
        timing: timing(this.#factor),
        watchdog: false,
        ...this.#options.overrides,
      },
    };
    this.#stop = new AbortController();
    this.app = await openApp(options);
    // A delivery under way is ended, not abandoned: what arrived is confirmed.
    this.#running = this.app.run(this.#stop.signal, never);
    if (this.#closers.length === 3) this.#closers.push(() => this.stop());
  }

  async stop(): Promise<boolean> {
    const isOver = this.#stop.signal.aborted;
    this.#stop.abort(new Error('stopped by the test'));
    const whole = await this.#running;
    if (!isOver) await this.app.close();
    return whole;
  }

  report(...endpoints: readonly EndpointName[]): SequenceReport {
    const wanted = endpoints.length === 0 ? this.#endpoints : endpoints;
    const sent = wanted.flatMap((endpoint) => this.duo.ledger(endpoint));
    const format = this.#format === 'JSON' ? 'json' : 'cef';
    return checkSequence({ sent, received: this.siem.lines(), format });
  }

  arrived(...endpoints: readonly EndpointName[]): Promise<void> {
    // To compare costs more than to wait, with thousands of lines: only when new ones have come.
    let looked = -1;
    const all = (): boolean => {
      const { received } = this.siem;
      if (received === looked) return false;
      looked = received;
      return this.report(...endpoints).lost.length === 0;
    };
    return until('all to arrive', all, 60_000).catch((error: unknown) => {
      // What a person would look at first.
      const statuses = this.app.statuses.map((one) => ({ at: one.activity.step, ...one }));
      const asked = this.duo.journal.slice(-8);
      const state = {
        lost: this.report().lost.slice(0, 9),
        statuses,
        asked,
        said: this.said.slice(-8),
      };
      throw new Error(JSON.stringify(state, null, 1), { cause: error });
    });
  }

  async told(code: string, feed = ''): Promise<Said> {
    const line = (): Said | undefined =>
      this.said.find(
        ({ fields }) =>
          fields['code'] === code && JSON.stringify(fields['feed'] ?? '').includes(feed),
      );
    await until(`the log to tell ${code}`, () => line() !== undefined, 60_000);
    return line() ?? { level: '', sentence: '', fields: {} };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  #duoOptions(): DuoOptions {
    // A machine that is busy for a second is busy for minutes of this clock.
    const skewToleranceMs = 12_000 * this.#factor;
    const { authority } = this;
    const nowMs = (): number => this.clock.nowMs();
    return { visibleDelayMs: 0, nowMs, skewToleranceMs, authority, ...this.#options.duo };
  }
}
