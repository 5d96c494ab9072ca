import { describe, expect, it } from 'vitest';
import { Ink } from '../../src/cli/ink.ts';
import { terminalOf } from '../../src/cli/terminal.ts';
import { fakeIo } from './fake-io.ts';

function terminal(env: Record<string, string>, tty = true, platform: NodeJS.Platform = 'linux') {
  const io = fakeIo({ env, platform });
  return terminalOf({
    ...io,
    stdout: Object.assign(io.stdout, { isTTY: tty, columns: 100, rows: 30 }),
  });
}

describe('the terminal', () => {
  it('has colours unless it is none, or somebody does not want them', () => {
    expect(terminal({}).colour).toBe(true);
    expect(terminal({}, false).colour).toBe(false);
    expect(terminal({ TERM: 'dumb' }).colour).toBe(false);
    expect(terminal({ NO_COLOR: '1' }).colour).toBe(false);
    expect(terminal({ NO_COLOR: '' }).colour).toBe(true);
    expect(terminal({ FORCE_COLOR: '1' }, false).colour).toBe(true);
    expect(terminal({ FORCE_COLOR: '1', NO_COLOR: '1' }).colour).toBe(false);
  });

  it('has a width only where somebody looks at it', () => {
    expect(terminal({})).toMatchObject({ columns: 100, rows: 30 });
    expect(terminal({}, false)).toMatchObject({ columns: undefined, rows: undefined });
  });

  it('knows Unicode when its locale says so, on Windows always', () => {
    expect(terminal({ LANG: 'de_DE.UTF-8' }).ascii).toBe(false);
    expect(terminal({ LANG: 'C.utf8' }).ascii).toBe(false);
    expect(terminal({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }).ascii).toBe(true);
    expect(terminal({ LC_ALL: '', LC_CTYPE: 'UTF-8' }).ascii).toBe(false);
    expect(terminal({}).ascii).toBe(true);
    expect(terminal({}, true, 'win32').ascii).toBe(false);
  });
});

describe('ink', () => {
  const ink = (more: object) =>
    new Ink({ columns: undefined, rows: undefined, colour: false, ascii: false, ...more });

  it('breaks lines at blanks and never inside a word', () => {
    expect(ink({ columns: 24 }).wrap('one two three four five six', 4)).toBe(
      'one two three four\n    five six',
    );
    expect(ink({ columns: 24 }).wrap('x'.repeat(40), 2)).toBe('x'.repeat(40));
    expect(ink({}).wrap('one two '.repeat(50).trim(), 2)).not.toContain('\n');
  });

  it('spells in ASCII what has a spelling there', () => {
    expect(ink({ ascii: true }).plain('Duo’s “log” – 3 × … → ü 😀')).toBe(
      'Duo\'s "log" - 3 x ... -> ? ?',
    );
  });

  it('cuts with a sign that something is cut', () => {
    expect(ink({}).fit('abcdef', 4)).toBe('abc…');
    expect(ink({ ascii: true }).fit('abcdef', 4)).toBe('abc~');
    expect(ink({}).fit('abcd', 4)).toBe('abcd');
  });
});
