import type { Authority } from '../../src/simulator/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../src/simulator/connect-proxy.ts';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import type { EndpointName } from '../../src/simulator/endpoints.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { defaultAccount } from '../../src/simulator/options.ts';
import { type Random, type WorldFault, between, logs, randomOf } from './schedule.ts';

/** Where events come from: a log of the account or of a child. */
interface Source {
  readonly endpoint: EndpointName;
  /** A child's id. */
  readonly account: string | undefined;
  readonly name: string;
  /** Of its serials. */
  readonly letter: string;
  serials: number;
  waiting: number;
}

export interface WorldOptions {
  readonly authority: Authority;
  readonly seed: string;
  /** 0: no MSP. */
  readonly children: number;
  readonly eventsPerSecond: number;
  /** How late Duo shows an event at most. */
  readonly mostLateMs: number;
}

export interface SentEvent {
  readonly serial: string;
  readonly late: boolean;
}

const partLate = 0.03;
/** A letter each. */
export const mostChildren = 6;

/** Duo, and what happens there. */
export class World {
  readonly duo: DuoSimulator;
  /** What leads to the children's hosts. */
  readonly proxy: ConnectProxy | undefined;
  readonly #options: WorldOptions;
  readonly #sources: readonly Source[];
  readonly #random: Random;
  #filledMs = Date.now();

  private constructor(duo: DuoSimulator, proxy: ConnectProxy | undefined, options: WorldOptions) {
    this.duo = duo;
    this.proxy = proxy;
    this.#options = options;
    this.#random = randomOf(`${options.seed} events`);
    const accounts = options.children === 0 ? [undefined] : childrenOf(options).map(({ id }) => id);
    this.#sources = accounts.flatMap((account, place) =>
      logs.map((endpoint, log) => ({
        endpoint,
        account,
        name: account === undefined ? endpoint : `child ${place + 1} ${endpoint}`,
        letter: String.fromCharCode('a'.charCodeAt(0) + place * logs.length + log),
        serials: 0,
        waiting: 0,
      })),
    );
  }

  static async open(options: WorldOptions): Promise<World> {
    const { authority, children } = options;
    if (children === 0)
      return new World(await startDuo({ authority, visibleDelayMs: 0 }), undefined, options);
    const accounts = [{ ...defaultAccount, kind: 'accounts' as const }];
    const duo = await startDuo({
      authority,
      visibleDelayMs: 0,
      accounts,
      children: childrenOf(options),
    });
    const proxy = await startConnectProxy({
      route: () => ({ host: '127.0.0.1', port: duo.port }),
    });
    return new World(duo, proxy, options);
  }

  /** Adds what happened since the last time. */
  tick(): void {
    const nowMs = Date.now();
    const seconds = (nowMs - this.#filledMs) / 1000;
    for (const source of this.#sources) {
      source.waiting += seconds * this.#options.eventsPerSecond;
      const count = Math.floor(source.waiting);
      source.waiting -= count;
      this.#add(source, count, nowMs);
    }
    this.#filledMs = nowMs;
  }

  apply(fault: WorldFault): void {
    if (fault.kind === 'duo') {
      const { endpoint, times, effect } = fault;
      this.duo.faults.push({ ...effect, endpoint, times });
      return;
    }
    const sources = this.#sources.filter(({ endpoint }) => endpoint === fault.endpoint);
    const [source] = sources.sort((a, b) => a.serials - b.serials);
    if (source !== undefined) source.waiting += fault.events;
  }

  /** What Duo has, by the name of its source. */
  sent(): ReadonlyMap<string, readonly SentEvent[]> {
    const lists = this.#sources.map(({ name, endpoint, account }) => {
      const rows = this.duo.ledger(endpoint, account);
      const sent = rows.map(({ serial, timeMs, visibleAtMs }) => {
        return { serial, late: visibleAtMs > timeMs };
      });
      return [name, sent] as const;
    });
    return new Map(lists);
  }

  /** The fullest page of each log, added up. */
  pageLines(): number {
    const most = new Map<string, number>();
    for (const { endpoint, account, rows } of this.duo.journal) {
      const source = `${account} ${endpoint}`;
      if (endpoint !== undefined) most.set(source, Math.max(most.get(source) ?? 0, rows));
    }
    return [...most.values()].reduce((sum, rows) => sum + rows, 0);
  }

  async close(): Promise<void> {
    await Promise.all([this.duo.close(), this.proxy?.close()]);
  }

  #add(source: Source, count: number, nowMs: number): void {
    if (count === 0) return;
    const fromMs = this.#filledMs;
    const { endpoint, account, letter, serials } = source;
    const lateness = Array.from({ length: count }, () =>
      this.#random() < partLate ? between(this.#random, 1_000, this.#options.mostLateMs) : 0,
    );
    const plan = {
      count,
      fromMs,
      at: (index: number) => fromMs + ((index + 0.5) / count) * (nowMs - fromMs),
      firstSerial: serials + 1,
      letter,
      latenessMs: (index: number) => Math.round(lateness[index] ?? 0),
    };
    source.serials += count;
    this.duo.add(endpoint, makeEvents(endpoint, plan), account);
  }
}

function childrenOf({ children }: WorldOptions) {
  return Array.from({ length: children }, (_, index) => ({
    id: `DACHILD${String(index + 1).padStart(13, '0')}`,
    name: `Child ${index + 1}`,
    host: `api-child${index + 1}.duosecurity.test`,
  }));
}
