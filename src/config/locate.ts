import type { Finding, Problem, Span } from './problem.ts';
import { spanOf } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

export interface Lines {
  /** Line and column, both from 1. */
  at(offset: number): { readonly line: number; readonly column: number };
  /** The line without its end. */
  text(line: number): string;
  readonly starts: readonly number[];
}

export function linesOf(text: string): Lines {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return {
    starts,
    at(offset) {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
    },
    text(line) {
      const start = starts[line - 1] ?? text.length;
      const end = starts[line] ?? text.length;
      return text.slice(start, end).replace(/\r?\n$/, '');
    },
  };
}

/** Gives each finding its place, in the order of the file. */
export function locate(
  findings: readonly Finding[],
  file: string,
  text: string,
  root: YamlNode | undefined,
): Problem[] {
  const lines = linesOf(text);
  const placed = findings.map((finding) => ({
    finding,
    span: finding.span ?? spanOf(root, finding.path, finding.atKey === true),
  }));
  placed.sort((left, right) => left.span.start - right.span.start);
  return placed.map(({ finding, span }) => problem(finding, span, file, lines));
}

function problem(finding: Finding, span: Span, file: string, lines: Lines): Problem {
  const { line, column } = lines.at(span.start);
  const rest = lines.text(line).length - column + 1;
  const width = Math.max(1, Math.min(span.end - span.start, rest));
  const { severity, code, path, message, why, fix, didYouMean } = finding;
  return {
    severity,
    code,
    file,
    line,
    column,
    endColumn: column + width,
    path,
    message,
    ...(why === undefined ? {} : { why }),
    fix,
    ...(didYouMean === undefined ? {} : { didYouMean }),
  };
}
