import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shawlCommand, shellWord, windowsWord } from '../../../src/cli/service/shawl.ts';
import { execFileSync } from 'node:child_process';
import { windowsTarget as target } from './targets.ts';

/** CommandLineToArgvW, as its documentation has it, for what stands behind the program. */
function argvOf(line: string): string[] {
  const words: string[] = [];
  let [word, quoted, begun] = ['', false, false];
  for (let at = 0; at < line.length;) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    const next = line[at + slashes];
    if (next === '"') {
      word += '\\'.repeat(slashes >> 1);
      if (slashes % 2 === 1) word += '"';
      else quoted = !quoted;
      begun = true;
      at += slashes + 1;
    } else if (slashes > 0) {
      [word, begun] = [word + '\\'.repeat(slashes), true];
      at += slashes;
    } else {
      if ((next === ' ' || next === '\t') && !quoted) {
        if (begun) words.push(word);
        [word, begun] = ['', false];
      } else [word, begun] = [word + (next ?? ''), true];
      at += 1;
    }
  }
  return begun ? [...words, word] : words;
}

const anyWord = fc
  .array(fc.constantFrom(...'ab \\"\\" %$&;|<>()\'=,!^'.split('')), { maxLength: 12 })
  .map((chars) => chars.join(''));

describe('the Shawl command', () => {
  it('starts the program by whole paths, and again unless a person must mend something', () => {
    const argv = shawlCommand(target, 'C:\\ProgramData\\duologsync\\logs', 'C:\\bin\\shawl.exe');
    expect(argv.slice(0, 2)).toEqual(['C:\\bin\\shawl.exe', 'add']);
    expect(argv.slice(argv.indexOf('--') + 1)).toEqual([
      target.node,
      target.script,
      'run',
      target.config,
    ]);
    const option = (name: string): string | undefined => argv[argv.indexOf(name) + 1];
    expect(option('--restart-if-not')).toBe('0,2,66,77,78');
    expect(option('--cwd')).toBe('C:\\ProgramData\\duologsync');
    // Ctrl-C, then so long: more than the 25 s that the program gives its deliveries.
    expect(Number(option('--stop-timeout'))).toBeGreaterThanOrEqual(30_000);
    expect(argv).not.toContain('--env');
  });

  it('carries the certificates that the shell trusts besides', () => {
    const argv = shawlCommand({ ...target, extraCa: 'C:\\ca.pem' }, 'C:\\logs');
    expect(argv[argv.indexOf('--env') + 1]).toBe('NODE_EXTRA_CA_CERTS=C:\\ca.pem');
  });
});

describe('a word of a command line', () => {
  it('is read by Windows as it was meant', () => {
    fc.assert(
      fc.property(fc.array(anyWord, { maxLength: 5 }), (words) => {
        expect(argvOf(words.map(windowsWord).join(' '))).toEqual(words);
      }),
    );
  });

  it('is read by a POSIX shell as it was meant', () => {
    if (process.platform === 'win32') return expect(shellWord("it's")).toBe(`'it'\\''s'`);
    const words = ['plain', 'two words', "it's", '$HOME `id` "x" \\', '', '*', '-n'];
    const script = `printf '%s\\n' ${words.map(shellWord).join(' ')}`;
    expect(execFileSync('sh', ['-c', script]).toString().split('\n')).toEqual([...words, '']);
  });
});
