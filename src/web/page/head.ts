import { counted, duration, grouped, rate } from '../../core/units.ts';
import { backfillWords, type SnapshotBackfill } from '../../status/backfill-snapshot.ts';
import type { Snapshot, SnapshotProblem } from '../../status/snapshot.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { type Sign, signOf } from './signs.ts';
import { sparkline } from './sparkline.ts';
import { age, sinceOf, soon, timeOf } from './times.ts';

/** Which program this is, and how it is in two words. */
export function headOf(snapshot: Snapshot): Markup {
  const { version, config, pid, since, at, state } = snapshot;
  return markup`<div class="name"><h1>duologsync</h1> <span>${version}</span></div>
<p class="facts"><span>up ${age(since, at)}</span> <span>pid ${pid}</span> <span class="path">${config}</span> <span>as of ${timeOf(at, at)}</span></p>
<p class="badge ${state}" id="badge">${signOf(signOfState(snapshot))}<strong>${stateWords(snapshot)}</strong></p>`;
}

/** `Healthy`, `Healthy, 1 warning`, `Degraded: 2 problems, 1 warning`. */
export function stateWords({ problems, state }: Snapshot): string {
  const warnings = problems.filter(({ severity }) => severity === 'warning').length;
  const wrong = problems.length - warnings;
  const also = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  return state === 'healthy' ? `Healthy${also}` : `Degraded: ${counted(wrong, 'problem')}${also}`;
}

/** What is read aloud when it changes. */
export function spokenOf(snapshot: Snapshot): string {
  const { problems } = snapshot;
  if (problems.length === 0) return 'Healthy';
  const named = problems.slice(0, 3).map(({ what }) => what);
  const more = problems.length > 3 ? `, and ${problems.length - 3} more` : '';
  return `${stateWords(snapshot)}: ${named.join('; ')}${more}`;
}

function signOfState({ problems, state }: Snapshot): Sign {
  if (state === 'degraded') return 'bad';
  return problems.length === 0 ? 'ok' : 'warn';
}

const sides: Readonly<Record<SnapshotProblem['side'], string>> = {
  duo: 'Duo’s side',
  server: 'the server’s side',
  here: 'this machine',
  config: 'the config',
};
const gravityWords: Partial<Record<Sign, string>> = {
  bad: 'Problem',
  warn: 'Warning',
  pause: 'Paused',
};

function gravityOf({ kind, severity }: SnapshotProblem): Sign {
  if (kind === 'paused') return 'pause';
  return severity === 'warning' ? 'warn' : 'bad';
}

/** What is wrong, the gravest first: since when, on whose side, when it is tried again, what to do. */
export function problemsOf(snapshot: Snapshot): Markup {
  const { problems, at, totals } = snapshot;
  if (problems.length > 0)
    return markup`<ol class="problems">${problems.map((problem) => problemItem(problem, at))}</ol>`;
  const whose = totals.accounts > 1 ? ` of ${counted(totals.accounts, 'account')}` : '';
  const all =
    totals.feeds === 0 ? 'No feed runs yet' : `${counted(totals.feeds, 'feed')}${whose} well`;
  return markup`<p class="well">${signOf('ok')}<span>Nothing is wrong. ${all}.</span></p>`;
}

function problemItem(problem: SnapshotProblem, at: string): Markup {
  const { what, message, since, side, feeds, next_try: next, remedy, code, kind } = problem;
  const gravity = gravityOf(problem);
  const waits = `${counted(feeds, 'feed')} ${feeds === 1 ? 'waits' : 'wait'}`;
  const facts: Part[] = [
    since !== null && markup`<li>since ${sinceOf(since, at)}</li>`,
    markup`<li>${sides[side]}</li>`,
    feeds > 0 && markup`<li>${waits}</li>`,
    next !== null && markup`<li>next try ${soon(next, at)}</li>`,
    markup`<li><code>${code}</code></li>`,
  ];
  const todo = markup`<p class="remedy"><b>What to do</b> <bdi>${remedy}</bdi></p>`;
  return markup`<li class="problem ${gravity}" data-key="${kind} ${code} ${what}">
<h3>${signOf(gravity)}<span class="sr">${gravityWords[gravity]}: </span><bdi>${what}</bdi></h3>
<p class="message"><bdi>${message}</bdi></p>
<ul class="facts">${facts}</ul>
${remedy !== null && todo}</li>`;
}

/** The few numbers that tell whether all goes on. */
export function totalsOf({ totals, since, at, backfill }: Snapshot): Markup {
  const { last_day: day, oldest_lag_seconds: lag, feeds, well, gaps, set_aside: aside } = totals;
  const sum = day.reduce((a, b) => a + b, 0);
  const chart = sparkline(day, { one: 'event', span: 'in 24 hours', kind: 'wide' });
  const held = feeds - well;
  const heldWords = `of ${grouped(feeds)}, ${held === 0 ? 'none' : grouped(held)} held up`;
  const lostWords = gaps === 0 ? 'nothing passed over' : 'see duologsync gaps';
  return markup`<dl class="tiles">
${tile('Last 24 hours', grouped(sum), chart, 'broad')}
${tile('Events a second', rate(totals.rate), 'over the last minutes')}
${tile('Delivered', grouped(totals.delivered), `in ${age(since, at)}`)}
${tile('Oldest lag', lag === null ? '–' : duration(lag * 1000), 'event to confirmation')}
${tile('Feeds well', grouped(well), heldWords, held > 0 && 'alarm')}
${tile('Lost', counted(gaps, 'gap'), lostWords, gaps > 0 && 'alarm')}
${tile('Set aside', grouped(aside), 'undeliverable events', aside > 0 && 'alarm')}
</dl>${backfill !== null && backfillLine(backfill)}`;
}

function backfillLine(backfill: SnapshotBackfill): Markup {
  const words = backfillWords(backfill);
  return markup`<p class="backfill">${signOf(backfill.problem === null ? 'ok' : 'warn')}<progress max="1" value="${backfill.part}" aria-label="${words}"></progress><span>${words}</span></p>`;
}

function tile(name: string, value: string, more: Part, kind: string | false = ''): Markup {
  return markup`<div class="tile ${kind}"><dt>${name}</dt> <dd><b>${value}</b> <small>${more}</small></dd></div>`;
}
