/** Columns as wide as their widest cell, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/**
 * The same text with everything that steers a terminal, turns its reading direction or cannot be seen written as
 * `\uXXXX`, which in JSON means the same; `ascii`: all that a terminal might take for something else, too.
 */
export function escaped(text: string, ascii = false): string {
  const odd = ascii ? /[^\x20-\x7e]/g : /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
  return text.replace(odd, (character) =>
    Array.from({ length: character.length }, (_, i) => unit(character, i)).join(''),
  );
}

function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}

/** What comes from Duo or a server must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}
