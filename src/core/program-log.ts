import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import type * as Winston from 'winston';
import type { Clock } from './clock.ts';
import type { Fields, Logger } from './log.ts';
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts';
import type { Secret } from './secret.ts';
import type { JsonValue } from './types.ts';

export type LogLevel = keyof Logger;

export interface ProgramLogOptions {
  /** Path of the log file, or the rotating file's options. */
  readonly file?: string | RotatingFileOptions;
  /** Gets every line too: stderr on a terminal. */
  readonly console?: NodeJS.WritableStream;
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Their values never get into a line, in whatever usual spelling. */
  readonly secrets?: readonly Secret[];
}

export interface ProgramLog {
  readonly log: Logger;
  /** Takes the values of known secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Further secrets are kept out from now on. */
  readonly alsoHide: (secrets: readonly Secret[]) => void;
  /** After logrotate has renamed the file (SIGHUP). */
  readonly reopen: () => Promise<void>;
  /** Resolves when all lines are written, as far as the disk takes them; later ones are dropped. */
  readonly close: () => Promise<void>;
}

const levels = { error: 0, warn: 1, info: 2, debug: 3 } satisfies Record<LogLevel, number>;
// DLS's names: what users grep for.
const names: Record<LogLevel, string> = {
  error: 'ERROR',
  warn: 'WARNING',
  info: 'INFO',
  debug: 'DEBUG',
};

/** The program's own log; logging never throws. Its lines begin like those of DLS, times are UTC. */
export function createProgramLog(options: ProgramLogOptions): ProgramLog {
  // Costs 40 to 90 ms: only when a log is really made.
  const winston = createRequire(import.meta.url)('winston') as typeof Winston;
  const { clock, level } = options;
  let hidden = options.secrets ?? [];
  let hide = redactor(hidden);
  const redact = (text: string): string => hide(text);
  const file = options.file === undefined ? undefined : openFile(options.file, clock);
  const outputs: ((line: string) => void)[] = [];
  if (file !== undefined) outputs.push((line) => file.append(line));
  const { console } = options;
  // A terminal that went away must not end the program.
  const ignore = (): void => undefined;
  console?.on('error', ignore);
  if (console !== undefined) outputs.push((line) => void console.write(`${line}\n`));
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      for (const output of outputs) output(text);
      done();
    },
  });
  const transport = new winston.transports.Stream({ stream, eol: '' });
  const logger = winston.createLogger({
    level,
    levels,
    transports: [transport],
    format: winston.format.printf((info) => String(info.message)),
  });
  let closed = false;
  const write =
    (at: LogLevel) =>
    (sentence: string, fields: Fields = {}): void => {
      if (closed || levels[at] > levels[level]) return;
      logger.log(at, redact(formatLine(clock.nowMs(), at, redact(sentence), fields, redact)));
    };
  return {
    log: {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    redact,
    alsoHide(secrets) {
      hidden = [...hidden, ...secrets];
      hide = redactor(hidden);
    },
    async reopen() {
      await file?.reopen();
    },
    async close() {
      if (closed) return;
      closed = true;
      const finished = new Promise((resolve) => transport.once('finish', resolve));
      logger.end();
      await finished;
      await file?.close();
      console?.removeListener('error', ignore);
    },
  };
}

function openFile(file: string | RotatingFileOptions, clock: Clock): RotatingFile {
  const lossLine = (lost: number, why: string): string =>
    formatLine(clock.nowMs(), 'warn', 'Lines of this log were lost', { lost, why });
  return new RotatingFile({
    lossLine,
    clock,
    ...(typeof file === 'string' ? { path: file } : file),
  });
}

/** `YYYY-MM-DD HH:MM:SS LEVEL sentence key=value …`; one line, whatever the values hold. */
export function formatLine(
  timeMs: number,
  level: LogLevel,
  sentence: string,
  fields: Fields = {},
  redact: (text: string) => string = (text) => text,
): string {
  const time = new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
  let line = `${time} ${names[level]} ${escapeControls(withoutAnsi(sentence))}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${key.replace(/[^A-Za-z0-9_.-]/g, '_')}=${formatValue(value, redact)}`;
  }
  return line;
}

function formatValue(value: JsonValue, redact: (text: string) => string): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  const text = withoutAnsi(redact(typeof value === 'string' ? value : JSON.stringify(value)));
  const bare = text !== '' && !/[\s"'=\\]/u.test(text) && escapeControls(text) === text;
  return bare ? text : `"${escapeControls(text.replace(/["\\]/g, '\\$&'))}"`;
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Controls, line and paragraph separators, marks that turn the reading direction, halves of a pair. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) =>
      shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Without the sequences that colour a terminal, move its cursor or set its title (ECMA-48). */
function withoutAnsi(text: string): string {
  return text.replace(
    /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g,
    '',
  );
}

/** Replaces known secrets in any usual spelling by ***; shorter than four characters would hit everything. */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 4) continue;
    for (const spelling of [value, ...encodedSpellings(value)]) spellings.add(spelling);
  }
  if (spellings.size === 0) return (text) => text;
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'g');
  return (text) => text.replace(pattern, '***');
}

function encodedSpellings(value: string): readonly string[] {
  const url = encodeURIComponent(value);
  const strict = url.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replace(/%../g, (code) => code.toLowerCase());
  const escaped = JSON.stringify(value).slice(1, -1);
  const base64 = [0, 1, 2].flatMap((shift) => base64Inside(value, shift));
  const urls = [url, strict].flatMap((text) => [text, lower(text), text.replaceAll('%20', '+')]);
  return [...urls, escaped, ...base64];
}

/** Its base64 characters that do not depend on what stands before or after, as in `user:password`. */
function base64Inside(value: string, shift: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  const characters = Math.floor((bytes.length * 8) / 6);
  const inside = bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), characters);
  if (inside.length < 5) return [];
  return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
