/** What is asked of the query port → the answer, and what it does to the program. */
import type { Selection } from '../core/requests.ts';
import type { Controls } from './controls.ts';
import { type Ask, parseQuery } from './query-datagram.ts';
import { helpText, statusText, threadName, troublesOf } from './query-status.ts';
import type { QueryView, ThreadView } from './query-view.ts';

/** The running program, as far as the query port goes. */
export interface QueryProgram extends Pick<
  Controls,
  'pause' | 'resume' | 'setInterval' | 'reopenLogs'
> {
  /** `recent`: a second old will do. */
  view(recent?: boolean): Promise<QueryView>;
  /** Feeds stop by themselves after the first poll beyond so many since they were started; 0: never. */
  stopAfter(selection: Selection, cycles: number): number;
}

export class QueryAnswers {
  readonly #program: QueryProgram;
  /** Troubles that `ack` has silenced, until they are over or grow, by their keys: how large they may be. */
  #silenced: ReadonlyMap<string, number> = new Map();

  constructor(program: QueryProgram) {
    this.#program = program;
  }

  /** Undefined: no answer. `local`: asked from this machine; others may only look. */
  async answer(datagram: Uint8Array, local: boolean): Promise<string | undefined> {
    const query = parseQuery(datagram);
    if (query === undefined) return undefined;
    const { prefix, ask } = query;
    if (!local && ask.kind !== 'status' && ask.kind !== 'clear') return undefined;
    return `${prefix}${await this.#answer(ask, local)}`;
  }

  async #answer(ask: Ask, local: boolean): Promise<string> {
    switch (ask.kind) {
      case 'status':
        return this.#status(false, local);
      case 'clear':
        return this.#status(local, local);
      case 'help':
        return helpText((await this.#program.view()).threads);
      case 'rotate':
        return this.#rotate();
      case 'thread':
        return this.#thread(ask.name, ask.option, ask.value);
      case 'unknown':
        return unrecognized;
    }
  }

  /** Strangers may ask often, and what they see may be a moment old. */
  async #status(silence: boolean, local: boolean): Promise<string> {
    const view = await this.#program.view(!local);
    const all = troublesOf(view);
    const before = this.#silenced;
    const silenced = new Map(
      all.map(({ key, size }) => [key, silence ? size : Math.min(size, before.get(key) ?? 0)]),
    );
    this.#silenced = silenced;
    return statusText(
      view,
      all.filter(({ key, size }) => size > (silenced.get(key) ?? 0)),
    );
  }

  async #rotate(): Promise<string> {
    try {
      await this.#program.reopenLogs();
      return 'P0Okay\n';
    } catch {
      return 'P5The log file cannot be opened\n';
    }
  }

  async #thread(name: string, option: string, value: string | undefined): Promise<string> {
    const { threads } = await this.#program.view();
    const thread = threads.find(
      ({ endpoint }) => threadName(endpoint) === name || endpoint === name,
    );
    if (thread === undefined) return /^[a-z]+$/i.test(name) ? 'P5No such thread\n' : unrecognized;
    const [answer, told] = steer(this.#program, thread, option, value);
    return `${answer}Thread ${name} ${told}\n`;
  }
}

const unrecognized = 'P5Unrecognized command\n';

type Answer = readonly [alert: 'P2' | 'P5', told: string];

function steer(
  program: QueryProgram,
  { endpoint, state }: ThreadView,
  option: string,
  value: string | undefined,
): Answer {
  const idle = state !== 'running';
  switch (option) {
    case 'start':
      if (!idle) return ['P5', 'is already active.'];
      program.resume({ endpoint });
      return ['P2', 'started'];
    case 'stop':
    case 'terminate':
      if (idle) return ['P5', 'is not active.'];
      program.pause({ endpoint });
      return ['P2', 'terminated'];
    case 'interval': {
      const seconds = wholeNumber(value);
      if (seconds === undefined) return ['P5', `invalid interval: ${pythonsWords(value)}`];
      if (seconds === 0n || !isUsable(seconds)) return ['P5', `invalid interval ${seconds}`];
      program.setInterval({ endpoint }, Number(seconds));
      return ['P2', `interval set to ${seconds}`];
    }
    case 'maxcount': {
      const cycles = wholeNumber(value);
      if (cycles === undefined || !isUsable(cycles))
        return ['P5', `invalid maxcount ${value ?? ''}`.trimEnd()];
      program.stopAfter({ endpoint }, Number(cycles));
      return ['P2', `maxcount set to ${cycles}`];
    }
    default:
      return ['P5', 'invalid option'];
  }
}

/** What Python's int() takes, as far as it is written in ASCII. */
function wholeNumber(text: string | undefined): bigint | undefined {
  const [, sign, digits = ''] = /^([+-]?)(\d+(?:_\d+)*)$/.exec(text ?? '') ?? [];
  if (digits === '') return undefined;
  const value = BigInt(digits.replaceAll('_', ''));
  return sign === '-' ? -value : value;
}

function isUsable(value: bigint): boolean {
  // Times are milliseconds.
  return value >= 0n && value <= BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1000));
}

/** The words of Python's int(), which the old daemon passed on: measured. */
function pythonsWords(value: string | undefined): string {
  if (value === undefined)
    return "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replaceAll('\\', '\\\\');
  const inside = quote === "'" ? escaped.replaceAll("'", "\\'") : escaped;
  return `invalid literal for int() with base 10: ${quote}${inside}${quote}`;
}
