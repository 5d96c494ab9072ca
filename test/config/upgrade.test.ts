import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upgradeConfig } from '../../src/config/upgrade.ts';
import { goodConfig } from './loading.ts';

const old = `# ours
duoclient:
  skey: "sk"
logs:
  logDir: 'C:\\logs'
`;

function upgraded(text: string): string {
  const result = upgradeConfig(text);
  if (result.kind !== 'upgraded') throw new Error(result.kind);
  return result.text;
}

describe('the upgrade', () => {
  it('keeps a byte order mark and the line ends of Windows', () => {
    const plain = upgraded(old);
    expect(upgraded(`\ufeff${old.replaceAll('\n', '\r\n')}`)).toBe(
      `\ufeff${plain.replaceAll('\n', '\r\n')}`,
    );
    expect(plain).not.toContain('\r');
  });

  it('takes a comment without a space before it, as DLS does', () => {
    expect(upgraded(old.replace('"sk"', '"sk"#one').replace("logs'", "logs'#two"))).toMatch(
      /"sk" #one[^]*duologsync\.log' #two/,
    );
  });

  it('does not fold long lines', () => {
    const long = `'${'word '.repeat(100)}end'`;
    expect(upgraded(old.replace('"sk"', long))).toContain(long);
  });

  it('leaves a current file as it is, to the byte', () => {
    const text = `\ufeff${goodConfig().replaceAll('\n', '\r\n')}`;
    expect(upgradeConfig(text)).toEqual({ kind: 'current', text });
  });

  it('is done only once', () => {
    expect(upgradeConfig(upgraded(old)).kind).toBe('current');
  });

  it.each([
    ['a: [', 'yaml_'],
    ['', 'no_settings'],
    ['- a\n- b\n', 'no_settings'],
    ["version: '2.0.0'\n", 'version_unknown'],
    ['version: 1.0\n', 'version_unknown'],
  ])('refuses %j', (text, code) => {
    const result = upgradeConfig(text);
    expect(result).toMatchObject({ kind: 'refused', findings: [{ severity: 'error' }] });
    expect(result.kind === 'refused' && result.findings[0]?.code).toContain(code);
  });

  it('warns when checkpointing stays off', () => {
    const result = upgradeConfig('recoverFromCheckpoint:\n  enabled: False\n');
    expect(result.kind === 'upgraded' && result.changes.map(({ word }) => word)).toContain(
      'warning',
    );
  });

  it('never throws, and its result is YAML', () => {
    const key = fc.constantFrom(
      'duoclient',
      'logs',
      'transport',
      'recoverFromCheckpoint',
      'account',
      'servers',
    );
    const inner = fc.constantFrom(
      'host',
      'logDir',
      'endpoints',
      'polling',
      'checkpointDir',
      'enabled',
      'certFileDir',
      'x',
    );
    const value = fc.constantFrom(
      '',
      ' ~',
      ' 5',
      " 'a b'",
      ' [a, b]',
      ' {enabled: auth, duration: x}',
      ' # c',
      '\n    - 1\n    - 2',
    );
    const section = fc.record({ key, pairs: fc.array(fc.tuple(inner, value), { maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 5 }), (sections) => {
        const text = sections
          .map(
            ({ key, pairs }) =>
              `${key}:\n${pairs.map(([name, word]) => `  ${name}:${word}\n`).join('')}`,
          )
          .join('');
        const result = upgradeConfig(text);
        if (result.kind === 'upgraded') expect(upgradeConfig(result.text).kind).toBe('current');
      }),
      { numRuns: 1000 },
    );
  });
});
