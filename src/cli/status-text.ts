import { isObject } from '../core/row.ts';
import type { JsonValue } from '../core/types.ts';
import { refusal } from '../control/protocol.ts';
import { backfillWords } from '../status/backfill-snapshot.ts';
import type { Snapshot, SnapshotProblem } from '../status/snapshot.ts';
import { Ink } from './ink.ts';
import { feedTable } from './status-table.ts';
import type { Terminal } from './terminal.ts';
import { counted, duration, grouped, percent, rate, shortTime } from './units.ts';

export interface StatusView {
  readonly terminal: Terminal;
  /** Nothing but the problems. */
  readonly problemsOnly?: boolean;
  /** Every feed, however many there are. */
  readonly all?: boolean;
}

/** The snapshot that the running program answered with. Throws `bad_answer` when it is of another version. */
export function asSnapshot(value: JsonValue): Snapshot {
  if (isObject(value) && value['schema_version'] === 1) return value as Snapshot;
  throw refusal(
    'bad_answer',
    'The running duologsync tells its status in a way that this command does not know',
    'Restart it, so that it is of the same version as this command; or use --json.',
  );
}

/** What `duologsync status` prints: problems first, what is well in a line or two, then feed by feed. */
export function statusText(snapshot: Snapshot, view: StatusView): string {
  const ink = new Ink(view.terminal);
  const lines = [
    headLine(snapshot, ink),
    ...snapshot.problems.flatMap((problem) => problemLines(problem, snapshot, ink)),
  ];
  if (view.problemsOnly === true) return `${lines.join('\n')}\n`;
  if (snapshot.problems.length > 0) lines.push('');
  lines.push(...wellLines(snapshot, ink), ...backfillLines(snapshot, ink));
  lines.push('', ...feedTable(snapshot, view, ink));
  return `${lines.join('\n')}\n`;
}

/** One line for a log or a pipe. */
export function statusLine(snapshot: Snapshot): string {
  const { at, state, totals, problems, backfill } = snapshot;
  const { feeds, rate: perSecond, oldest_lag_seconds: lag } = totals;
  const parts = [
    counted(feeds, 'feed'),
    `${rate(perSecond)} events/s`,
    ...(lag === null ? [] : [`oldest lag ${duration(lag * 1000)}`]),
    ...(backfill === null ? [] : [`backfill ${percent(backfill.part)}`]),
    ...problems.map(({ code, what }) => `${code}: ${what}`),
  ];
  return new Ink({ columns: undefined, rows: undefined, colour: false, ascii: false }).plain(
    `${at.slice(0, 19)}Z ${state}: ${parts.join('; ')}`,
  );
}

function backfillLines({ backfill }: Snapshot, ink: Ink): string[] {
  if (backfill === null) return [];
  const mark = backfill.problem === null ? ink.arrow : ink.careful(ink.warning);
  return [`${mark} ${ink.wrap(backfillWords(backfill), 2)}`];
}

function headLine(snapshot: Snapshot, ink: Ink): string {
  const { version, pid, config, state, problems, since, at } = snapshot;
  const up = duration(Date.parse(at) - Date.parse(since));
  const warnings = problems.filter(({ severity }) => severity === 'warning').length;
  const hints = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  const badge =
    state === 'healthy'
      ? ink.good(`HEALTHY${hints}`)
      : ink.bad(`DEGRADED: ${counted(problems.length - warnings, 'problem')}${hints}`);
  return `duologsync ${version}  pid ${pid}  up ${up}  ${ink.plain(config)}  ${badge}`;
}

const sides: Readonly<Record<SnapshotProblem['side'], string>> = {
  duo: "Duo's side",
  server: "the server's side",
  here: 'this machine',
  config: 'the config',
};

function problemLines(problem: SnapshotProblem, { at }: Snapshot, ink: Ink): string[] {
  const { what, message, since, side, feeds, next_try: next, remedy, code, kind } = problem;
  const isCalm = kind === 'paused' || problem.severity === 'warning';
  const mark = isCalm ? ink.careful(ink.warning) : ink.bad(ink.cross);
  const sinceText =
    since === null
      ? []
      : [`since ${shortTime(since, at)} (${duration(Date.parse(at) - Date.parse(since))})`];
  const waits = feeds === 0 ? [] : [`${counted(feeds, 'feed')} ${feeds === 1 ? 'waits' : 'wait'}`];
  const facts = [
    ...sinceText,
    sides[side],
    ...waits,
    ...(next === null ? [] : [`next try ${shortTime(next, at)}`]),
    code,
  ];
  return [
    '',
    `${mark} ${ink.wrap(`${what}: ${message}`, 2)}`,
    `  ${ink.faint(ink.wrap(facts.join(', '), 2))}`,
    ...(remedy === null ? [] : [`  ${ink.arrow} ${ink.wrap(remedy, 4)}`]),
  ];
}

function wellLines({ totals, servers, duo }: Snapshot, ink: Ink): string[] {
  const { well, feeds, accounts, rate: perSecond, oldest_lag_seconds: lag, delivered } = totals;
  const ok = ink.good(ink.check);
  const facts = [
    `${rate(perSecond)} events/s`,
    `${grouped(delivered)} delivered`,
    ...(lag === null ? [] : [`oldest lag ${duration(lag * 1000)}`]),
  ];
  const which =
    well === feeds ? counted(feeds, 'feed') : `${grouped(well)} of ${counted(feeds, 'feed')}`;
  const whose = accounts > 1 ? ` of ${counted(accounts, 'account')}` : '';
  const lines = [`${which}${whose} well: ${facts.join(', ')}`];
  const fine = servers.filter(({ problem }) => problem === null);
  if (fine.length > 0) {
    const each = fine.map(
      ({ id, address, level, rate: r }) => `${id} ${address} (${level}) ${rate(r)}/s`,
    );
    lines.push(each.length > 4 ? counted(each.length, 'server') : each.join('; '));
  }
  if (duo !== null) {
    const limited =
      duo.rate_limited === 0 ? '' : `, told to wait ${grouped(duo.rate_limited)} times`;
    lines.push(`Duo: ${counted(duo.calls, 'call')}${limited}`);
  }
  return lines.map((line, at) => `${well === 0 && at === 0 ? '-' : ok} ${ink.wrap(line, 2)}`);
}
