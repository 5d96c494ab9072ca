import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createProgramLog, formatLine, redactor } from '../../src/core/program-log.ts';
import { Secret } from '../../src/core/secret.ts';

const clock = { ...systemClock, nowMs: () => Date.UTC(2026, 1, 13, 18, 56, 20) };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'program-log-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the program log', () => {
  it('writes lines that begin like those of DLS, in UTC, then a sentence, then fields', async () => {
    const file = join(directory, 'sub', 'duologsync.log');
    const { log, close } = createProgramLog({ file, level: 'info', clock });
    log.info('Started', { version: '3.0.0', servers: 2, absent: undefined });
    log.warn('Slow', { who: 'Zoë', words: 'two words', list: [1, 'a'], nothing: null, empty: '' });
    log.debug('Not shown');
    await close();
    expect(await readFile(file, 'utf8')).toBe(
      '2026-02-13 18:56:20 INFO Started version=3.0.0 servers=2\n' +
        '2026-02-13 18:56:20 WARNING Slow who=Zoë words="two words" list="[1,\\"a\\"]" nothing=null empty=""\n',
    );
  });

  it('keeps all of 300 records logged in one tick, in order, with a tiny rotation size', async () => {
    const file = join(directory, 'duologsync.log');
    const { log, close } = createProgramLog({
      file: { path: file, maxBytes: 1000, keep: 100 },
      level: 'info',
      clock,
    });
    for (let number = 0; number < 300; number += 1) log.info('Line', { number });
    await close();
    const files = (await readdir(directory)).sort((a, b) => numberOf(b) - numberOf(a));
    expect(files.length).toBeGreaterThan(10);
    const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(1000);
    const numbers = texts
      .join('')
      .match(/(?<=number=)\d+/g)
      ?.map(Number);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });

  it('shows every line on the console too and outlives a console that fails', async () => {
    const lines: string[] = [];
    const console = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done(lines.length > 1 ? new Error('EPIPE') : null);
      },
    });
    const { log, close } = createProgramLog({ console, level: 'info', clock });
    log.error('One');
    log.error('Two');
    await new Promise((resolve) => setImmediate(resolve));
    log.error('Three');
    await close();
    log.error('After the end');
    await close();
    expect(lines.slice(0, 2)).toEqual([
      '2026-02-13 18:56:20 ERROR One\n',
      '2026-02-13 18:56:20 ERROR Two\n',
    ]);
  });

  it('goes on in a new file when logrotate has renamed the old one and asks to reopen', async () => {
    const file = join(directory, 'duologsync.log');
    const { rename } = await import('node:fs/promises');
    const { log, reopen, close } = createProgramLog({ file, level: 'info', clock });
    log.info('Before');
    await reopen();
    await rename(file, `${file}-20260213`);
    log.info('Between');
    await reopen();
    log.info('After');
    await close();
    expect(await readFile(`${file}-20260213`, 'utf8')).toMatch(/Before\n/);
    expect(await readFile(file, 'utf8')).toMatch(/After\n$/);
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '=', ' ', '\n', 'a', '\u001b', '[') }),
);

describe('a line of the log', () => {
  it('stays one line with the fields it was given, whatever the values hold', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const line = formatLine(0, 'info', 'Sentence', { a, b });
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        const fields = line.match(/ \w+=(?:"(?:[^"\\]|\\.)*"|[^\s"'=\\]+)/g) ?? [];
        expect(fields.map((field) => field.slice(1, 3))).toEqual(['a=', 'b=']);
        expect(`1970-01-01 00:00:00 INFO Sentence${fields.join('')}`).toBe(line);
      }),
    );
  });

  it('loses colours and other terminal sequences', () => {
    const text = '\u001b[31mred\u001b[0m\u001b]0;title\u0007';
    expect(formatLine(0, 'info', text, { text })).toBe('1970-01-01 00:00:00 INFO red text=red');
  });
});

describe('the redactor', () => {
  it('hides a secret in every usual spelling', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40 }), fc.nat(5), (value, before) => {
        const redact = redactor([new Secret(value)]);
        const basic = Buffer.from(`${'u'.repeat(before)}:${value}`).toString('base64');
        expect(redact(`at ${value}!`)).toBe('at ***!');
        expect(redact(encodeURIComponent(value))).not.toContain(encodeURIComponent(value));
        expect(redact(JSON.stringify(value))).toContain('***');
        expect(redact(basic)).toContain('***');
        expect(redact(Buffer.from(value).toString('base64url'))).toContain('***');
      }),
    );
  });

  it('hides a secret that the line had to quote or that is cut out of an object', async () => {
    const value = 'pass "word\\ = 1';
    const lines: string[] = [];
    const console = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const { log, close } = createProgramLog({
      console,
      level: 'info',
      clock,
      secrets: [new Secret(value)],
    });
    log.info(`Said ${value}`, { text: value, inside: { value } });
    await close();
    expect(lines.join('')).toBe(
      '2026-02-13 18:56:20 INFO Said *** text=*** inside="{\\"value\\":\\"***\\"}"\n',
    );
  });
});

function numberOf(name: string): number {
  return Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
}
