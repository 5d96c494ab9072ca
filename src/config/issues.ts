import { linesOf } from './locate.ts';
import type { Lines } from './locate.ts';
import { maskOf } from './mask.ts';
import type { Mask } from './mask.ts';
import type { Problem, Severity } from './problem.ts';

const mostShown = 100;
const widest = 100;

/**
 * All problems as text for people, each with its line, the reason and the fix; secrets are masked.
 * `text` is the file, as `loadConfig` gives it. No newline at the end.
 */
export function formatProblems(problems: readonly Problem[], text: string): string {
  const mask = maskOf(text);
  const lines = linesOf(text);
  const shown = problems.slice(0, mostShown).map((problem) => formatOne(problem, mask, lines));
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n\n');
}

/** The same for machines: one object each, secrets masked. */
export function problemsAsJson(problems: readonly Problem[], text: string): readonly Problem[] {
  const mask = maskOf(text);
  return problems.map((problem) => ({
    ...problem,
    path: problem.path.map((step) => (typeof step === 'string' ? mask.sentence(step) : step)),
    message: mask.sentence(problem.message),
    ...(problem.why === undefined ? {} : { why: mask.sentence(problem.why) }),
    fix: mask.sentence(problem.fix),
    ...(problem.didYouMean === undefined ? {} : { didYouMean: mask.sentence(problem.didYouMean) }),
  }));
}

/** "2 errors, 1 warning"; "no problems" when there are none. */
export function countProblems(problems: readonly Problem[]): string {
  const count = (severity: Severity): string[] => {
    const found = problems.filter((problem) => problem.severity === severity).length;
    return found === 0 ? [] : [`${found} ${severity}${found === 1 ? '' : 's'}`];
  };
  const parts = [...count('error'), ...count('warning'), ...count('note')];
  return parts.length === 0 ? 'no problems' : parts.join(', ');
}

function formatOne(problem: Problem, mask: Mask, lines: Lines): string {
  const { file, line, column, severity, message, why, fix } = problem;
  const rows = [mask.sentence(`${file}:${line}:${column}: ${severity}: ${message}`)];
  rows.push(...snippet(problem, mask, lines));
  if (why !== undefined) rows.push(`  why: ${mask.sentence(why)}`);
  rows.push(`  fix: ${mask.sentence(fix)}`);
  return rows.join('\n');
}

function snippet(problem: Problem, mask: Mask, lines: Lines): string[] {
  const { line, column, endColumn, didYouMean } = problem;
  const { text, place } = maskedLine(line, mask, lines);
  if (text.trim() === '') return [];
  const from = place(column);
  const to = Math.max(from + 1, place(endColumn));
  const cut = from > widest - 20 ? from - 20 : 0;
  const visible = text.slice(cut, cut + widest);
  const gutter = String(line).padStart(5);
  const carets = '^'.repeat(Math.max(1, Math.min(to - from, widest - (from - cut))));
  const hint = didYouMean === undefined ? '' : ` did you mean '${mask.sentence(didYouMean)}'?`;
  return [
    `${gutter} | ${visible}`.trimEnd(),
    `${' '.repeat(5)} | ${' '.repeat(from - cut)}${carets}${hint}`,
  ];
}

/** The line with *** in place of what is secret; `place` gives a column's new index, from 0. */
function maskedLine(
  line: number,
  mask: Mask,
  lines: Lines,
): { readonly text: string; readonly place: (column: number) => number } {
  const start = lines.starts[line - 1] ?? 0;
  const raw = lines.text(line);
  const hidden = new Uint8Array(raw.length);
  for (const span of mask.spans)
    hidden.fill(1, Math.max(0, span.start - start), Math.max(0, span.end - start));
  let text = '';
  const places: number[] = [];
  for (let index = 0; index < raw.length; index += 1) {
    const begins = hidden[index] === 1 && (index === 0 || hidden[index - 1] === 0);
    places.push(hidden[index] === 1 && !begins ? Math.max(0, text.length - 3) : text.length);
    if (begins) text += '***';
    else if (hidden[index] === 0) text += raw[index] ?? '';
  }
  places.push(text.length);
  const clean = text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ');
  return { text: clean, place: (column) => places[column - 1] ?? text.length };
}
