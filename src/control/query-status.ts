/** The texts of the query port, byte for byte as Duo Watcher writes them. Pure. */
import type { QueryView, ThreadView } from './query-view.ts';

/** Duo Watcher's names where they are others than the config's. */
const oldNames: Readonly<Record<string, string>> = { adminaction: 'admin', telephony: 'phone' };
const oldTitles: Readonly<Record<string, string>> = {
  auth: 'authentication',
  admin: 'administrator',
  phone: 'telephony',
};
const order = ['auth', 'admin', 'phone'];
const noEvent = '70-01-01 00:00:00';

/** Something that is wrong. `key` tells it from what was acknowledged before. */
export interface Trouble {
  readonly key: string;
  readonly alert: 5 | 6 | 8;
  /** How many there are of it. */
  readonly size: number;
  /** The thread, or the whole sentence. */
  readonly what: string;
}

export function threadName(endpoint: string): string {
  return oldNames[endpoint] ?? endpoint;
}

/** As Duo Watcher shows them first, then the others as they come. */
export function inOrder(threads: readonly ThreadView[]): readonly ThreadView[] {
  const place = ({ endpoint }: ThreadView): number =>
    (order.indexOf(threadName(endpoint)) + order.length + 1) % (order.length + 1);
  return [...threads].sort((a, b) => place(a) - place(b));
}

/** The gravest first: what is lost or cannot be kept, who waits for a person, who is tried again. */
export function troublesOf(view: QueryView): readonly Trouble[] {
  const { gaps, disk, threads } = view;
  const dead = (health: ThreadView['health'], alert: 5 | 6): Trouble[] =>
    inOrder(threads)
      .filter((thread) => thread.health === health)
      .map(({ endpoint, sinceMs }) => {
        const what = threadName(endpoint);
        return { key: `${alert} ${what} ${sinceMs}`, alert, size: 1, what };
      });
  return [
    ...disk.map(
      (code) => ({ key: code, alert: 8, size: 1, what: `Cannot write: ${code}` }) as const,
    ),
    ...(gaps > 0 ? [gapTrouble(gaps)] : []),
    ...dead('parked', 5),
    ...dead('retried', 6),
  ];
}

function gapTrouble(gaps: number): Trouble {
  return { key: 'gaps', alert: 8, size: gaps, what: `Gaps not acknowledged: ${gaps}` };
}

/** The answer to status, from what is not acknowledged; local times. */
export function statusText({ threads }: QueryView, troubles: readonly Trouble[]): string {
  const [gravest] = troubles;
  const whole = troubles.filter(({ alert }) => alert === 8).map(({ what }) => what);
  const dead = troubles.filter(({ alert }) => alert !== 8).map(({ what }) => what);
  const parts = [...whole, ...(dead.length > 0 ? [`Dead thread: ${dead.join(', ')}`] : [])];
  const status = gravest === undefined ? 'Ready' : parts.join('; ');
  const lines = inOrder(threads).map(threadLine);
  return `P${gravest?.alert ?? 0}${status}\n\n${lines.map((line) => `${line}\n`).join('')}`;
}

function threadLine(thread: ThreadView): string {
  const { endpoint, state, cycleMs, lastEventMs, cycles, intervalMs, backoffMs } = thread;
  const name = threadName(endpoint);
  if (state === 'idle') return `${name}: Idle`;
  const upTo =
    lastEventMs === undefined ? noEvent : `${localDay(lastEventMs)} ${localTime(lastEventMs)}`;
  // A float, as Python writes it.
  const backoff = backoffMs > 0 ? `+${(Math.ceil(backoffMs / 100) / 10).toFixed(1)}` : '';
  return `${name}: ${state === 'stopping' ? 'Stopped ' : ''}At ${localTime(cycleMs)} up to ${upTo} count: ${cycles} interval: ${intervalMs / 1000}${backoff}`;
}

export function helpText(threads: readonly ThreadView[]): string {
  const names = inOrder(threads).map(({ endpoint }) => threadName(endpoint));
  return [
    'P3Help yourself',
    '',
    'Commands are:',
    '  clear: Clear status',
    '  status: Report status',
    '  rotate: Logfile rotation',
    '  thread {name} start',
    '  thread {name} stop',
    '  thread {name} interval {seconds}',
    '  thread {name} maxcount {count}',
    'Threads are:',
    ...names.map((name) => `  ${name}: Duo ${oldTitles[name] ?? name} log watcher`),
    '',
    '',
  ].join('\n');
}

function localDay(timeMs: number): string {
  const date = new Date(timeMs);
  return [date.getFullYear() % 100, date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
}

function localTime(timeMs: number): string {
  const date = new Date(timeMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
