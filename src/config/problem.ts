export type Severity = 'error' | 'warning' | 'note';
export type Path = readonly (string | number)[];

/** A place in the text, in UTF-16 units from its start. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is wrong, before it is known where. */
export interface Finding {
  readonly severity: Severity;
  /** A stable snake_case word. */
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly why?: string;
  /** A whole sentence: what to change. */
  readonly fix: string;
  readonly didYouMean?: string;
  /** Point at the key rather than at its value. */
  readonly atKey?: boolean;
  /** A place that no path leads to. */
  readonly span?: Span;
}

/** What is wrong with the file, where, and what to do about it. Lines and columns count from 1. */
export interface Problem {
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The first column behind the place; `column` plus 1 at least. */
  readonly endColumn: number;
  readonly path: Path;
  readonly message: string;
  readonly why?: string;
  readonly fix: string;
  readonly didYouMean?: string;
}

/** `servers[0].port`, as people write it. */
export function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('');
}

/** Foreign text as one short line that cannot move the cursor or hide anything. */
export function clip(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
  return clean.length > 60 ? `${clean.slice(0, 57)}...` : clean;
}

/** a, b or c */
export function orList(words: readonly string[]): string {
  if (words.length < 2) return `'${words.join('')}'`;
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
