import { type BackfillProgress, type ProgressRow, wholeOf } from '../../backfill/progress.ts';
import { Ink } from '../ink.ts';
import type { Terminal } from '../terminal.ts';
import { counted, duration, grouped, minute, percent, rate, shortTime } from '../units.ts';

const barWidth = 20;
const mostProblems = 3;

/** The block that is drawn again and again: a bar for each row, what is in the way, and Duo's limit. */
export function blockLines(progress: BackfillProgress, terminal: Terminal): string[] {
  const ink = new Ink(terminal);
  const { rows, duo, state } = progress;
  const names = Math.max(...rows.map(({ name }) => name.length), 0);
  const lines = rows.map((row) => barLine(row, names, progress, terminal, ink));
  for (const { feed, code, message, next_try: next } of progress.problems.slice(0, mostProblems)) {
    const again = next === null ? '' : `, next try ${shortTime(next, new Date().toISOString())}`;
    lines.push(
      ink.bad(ink.fit(`${ink.warning} ${feed}: ${code}: ${message}${again}`, widthOf(terminal))),
    );
  }
  const more = progress.problem_count - mostProblems;
  if (more > 0) lines.push(ink.bad(`  ${counted(more, 'more problem')}`));
  if (duo.limited > 0) lines.push(ink.careful(limitText(progress)));
  if (state === 'running')
    lines.push(
      ink.faint(
        ink.fit('Ctrl-C keeps the place; run the same command to go on', widthOf(terminal)),
      ),
    );
  return lines;
}

export function limitText({ duo: { limited, wait_seconds: wait } }: BackfillProgress): string {
  const times = `${grouped(limited)} this run`;
  return wait > 0
    ? `Duo limit: waiting ${wait} s after 429 (${times})`
    : `Duo limit: told to wait (429) ${times}`;
}

function barLine(
  row: ProgressRow,
  nameWidth: number,
  progress: BackfillProgress,
  terminal: Terminal,
  ink: Ink,
): string {
  const { part, state, at, to, eta_seconds: eta } = row;
  const [full, empty] = terminal.ascii ? ['#', '.'] : ['█', '░'];
  const filled = Math.round(part * barWidth);
  const bar = `${full.repeat(filled)}${empty.repeat(barWidth - filled)}`;
  const day = (time: string): string => time.slice(5, 10);
  // In this order they are left out where the window is narrow.
  const facts = [
    row.feeds > 1 ? `${row.done} of ${counted(row.feeds, 'feed')}` : '',
    `${grouped(row.sent)} ev`,
    state === 'reading' && eta !== null ? `ETA ${duration(eta * 1000)}` : stateText(row),
    state === 'reading' ? `${rate(row.rate)}/s` : '',
    state === 'done' || at === null ? '' : `at ${day(at)} ${at.slice(11, 16)}Z`,
    `${day(progress.since)} ${terminal.ascii ? '->' : '→'} ${day(to ?? progress.until)}`,
  ].filter((fact) => fact !== '');
  const width = widthOf(terminal);
  const name = ink.fit(row.name, Math.max(8, Math.min(nameWidth, width - barWidth - 30)));
  let line = `${name.padEnd(Math.min(nameWidth, name.length + nameWidth))}  ${bar} ${percent(part).padStart(5)}`;
  for (const fact of facts) if (line.length + fact.length + 2 < width) line += `  ${fact}`;
  return line;
}

function stateText({ state }: ProgressRow): string {
  switch (state) {
    case 'done':
      return 'done';
    case 'failed':
      return 'refused';
    case 'trouble':
      return 'held up';
    case 'waiting':
      return 'waits';
    case 'reading':
      return '';
  }
}

function widthOf({ columns }: Terminal): number {
  return columns ?? 200;
}

/** One line for a log or a pipe. */
export function plainLine(progress: BackfillProgress, nowMs: number): string {
  const { sent, problems, duo } = progress;
  const { part, rate: perSecond, etaSeconds: eta } = wholeOf(progress);
  const parts = [
    percent(part),
    `${grouped(sent)} events`,
    `${rate(perSecond)}/s`,
    ...(eta === null ? [] : [`ETA ${duration(eta * 1000)}`]),
    ...(duo.wait_seconds > 0 ? [limitText(progress)] : []),
    ...problems.slice(0, 1).map(({ feed, code, message }) => `${feed}: ${code}: ${message}`),
  ];
  return plain(`${new Date(nowMs).toISOString().slice(0, 19)}Z backfill: ${parts.join('; ')}`);
}

/** What is said at the end, whoever reads it. */
export function endLines(progress: BackfillProgress): string[] {
  const { state, dry_run: dry, sent, rows, since, until, done_before: before } = progress;
  const range = `${minute(since)} … ${minute(until)}`;
  if (before !== null) {
    return [
      `This backfill is done: ${counted(sent, 'event')} of ${range} were confirmed by ${minute(before)}.`,
      'To send them again, add --restart.',
    ];
  }
  const each = rows.map(({ name, sent: count, at, state: how }) => {
    const place = how === 'done' || at === null ? '' : `, up to ${minute(at)}`;
    return dry
      ? `${name}: would send ${counted(count, 'event')}`
      : `${name}: ${counted(count, 'event')} confirmed${place}`;
  });
  const problems = progress.problems.flatMap(({ feed, code, message, hint }) => [
    `${feed}: ${code}: ${message}`,
    ...(hint === null ? [] : [`  ${hint}`]),
  ]);
  const aside =
    progress.set_aside === 0
      ? []
      : [`${counted(progress.set_aside, 'event')} set aside: duologsync dead-letter list`];
  const lines = [...each, ...aside, ...problems, ...progress.notes, verdict(state, dry, range)];
  return lines.map(plain);
}

function verdict(state: BackfillProgress['state'], dry: boolean, range: string): string {
  switch (state) {
    case 'done':
      return dry ? `Nothing sent, nothing saved. ${range}` : `Done: ${range}`;
    case 'incomplete':
      return 'Not all of it could be sent. What is confirmed is remembered: run the same command to go on.';
    case 'running':
    case 'stopped':
      return dry
        ? 'Stopped. Nothing sent, nothing saved.'
        : 'Stopped. The place is kept: run the same command to go on.';
  }
}

function plain(text: string): string {
  return new Ink({ columns: undefined, rows: undefined, colour: false, ascii: false }).plain(text);
}
