import { printable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Puts text on a terminal: colours it, breaks it, and spells it in ASCII where that is all there is. */
export class Ink {
  readonly check: string;
  readonly cross: string;
  readonly warning: string;
  readonly arrow: string;
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    const { ascii } = terminal;
    this.check = ascii ? '[ok]' : '✔';
    this.cross = ascii ? '[!!]' : '✖';
    this.warning = ascii ? '[!]' : '!';
    this.arrow = ascii ? '->' : '→';
  }

  good(text: string): string {
    return this.#coloured(text, 32);
  }

  bad(text: string): string {
    return this.#coloured(text, 31);
  }

  careful(text: string): string {
    return this.#coloured(text, 33);
  }

  faint(text: string): string {
    return this.#coloured(text, 2);
  }

  bold(text: string): string {
    return this.#coloured(text, 1);
  }

  /** In one line, without anything that steers a terminal, in ASCII if need be. */
  plain(text: string): string {
    const clean = printable(text);
    return this.#terminal.ascii ? asAscii(clean) : clean;
  }

  /** Broken at blanks where the window ends; lines after the first begin at `indent`. */
  wrap(text: string, indent: number): string {
    const { columns } = this.#terminal;
    const clean = this.plain(text);
    if (columns === undefined) return clean;
    const width = Math.max(20, columns - indent);
    const lines: string[] = [];
    let line = '';
    for (const word of clean.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && longer.length > width) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line].join(`\n${' '.repeat(indent)}`);
  }

  /** Cut where it is too long, so that a table keeps its columns. */
  fit(text: string, width: number): string {
    const clean = this.plain(text);
    if (clean.length <= width) return clean;
    const end = this.#terminal.ascii ? '~' : '…';
    return `${clean.slice(0, Math.max(0, width - 1))}${end}`;
  }

  #coloured(text: string, code: number): string {
    return this.#terminal.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

const spelled: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '×': 'x',
  '→': '->',
};

function asAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => spelled[character] ?? '?');
}
