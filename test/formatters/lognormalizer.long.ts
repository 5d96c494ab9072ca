import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianProgram } from '../../scripts/debian.mjs';
import { endpoints, type EndpointName } from '../../src/endpoints/index.ts';
import { cef } from '../../src/formatters/cef.ts';
import type { FormatOptions } from '../../src/formatters/formatter.ts';
import { parseCef } from './cef-parser.ts';
import { eventOf, options, origin, textOf } from './events.ts';

interface Normalized {
  readonly host: string;
  readonly cef: {
    readonly DeviceVersion: string;
    readonly SignatureID: string;
    readonly Name: string;
    readonly Severity: string;
    readonly Extensions: Readonly<Record<string, string>>;
  };
}

type Profile = FormatOptions['cefProfile'];

const synthetic: readonly (readonly [EndpointName, string])[] = [
  ['auth', 'auth-factors-reasons.jsonl'],
  ['auth', 'auth-edge.jsonl'],
  ['activity', 'activity-actions.jsonl'],
  ['adminaction', 'administrator-actions.jsonl'],
  ['telephony', 'telephony-edge.jsonl'],
  ['trustmonitor', 'trustmonitor-edge.jsonl'],
  ['offline_enrollment', 'offline-enrollment-edge.jsonl'],
];

// liblognorm is Debian's; elsewhere the strict parser of the ordinary tests stands for it.
describe.runIf(process.platform === 'linux')('The real lognormalizer', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'duologsync-lognorm-'));
    const rule = 'version=2\nrule=:%date:date-rfc3164% %host:word% %cef:cef%\n';
    writeFileSync(join(folder, 'cef.rulebase'), rule);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function normalize(lines: readonly string[]): Normalized[] {
    const { program, env } = debianProgram(['liblognorm-utils'], 'usr/bin/lognormalizer');
    const result = spawnSync(program, ['-r', join(folder, 'cef.rulebase'), '-e', 'json'], {
      input: lines.join('\n') + '\n',
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    });
    expect(result.stderr).toBe('');
    return result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Normalized);
  }

  function expectRead(name: EndpointName, rows: readonly string[], cefProfile: Profile): void {
    const formatter = cef.create({ ...options, cefLeadingSpace: true, cefProfile });
    const lines = rows.map((row) =>
      textOf(formatter.format(eventOf(row), origin, endpoints[name].profile)),
    );
    const read = normalize(lines);
    expect(read).toHaveLength(lines.length);
    for (const [index, line] of lines.entries()) {
      const { header, pairs } = parseCef(line.replace(/(\|\d+\|) /, '$1'));
      const { cef: got, host } = read[index] ?? expect.fail(`no answer for ${line}`);
      expect(got, `not parsed: ${line}`).toBeDefined();
      expect(host).toBe('fwd01');
      expect([got.DeviceVersion, got.SignatureID, got.Name, got.Severity]).toEqual(header.slice(3));
      expect(got.Extensions).toEqual(Object.fromEntries(pairs));
    }
  }

  it.each(synthetic)('reads every line of %s from %s as it was meant', (name, file) => {
    const url = new URL(`../cases/formats/synthetic/${file}`, import.meta.url);
    const rows = readFileSync(url, 'utf8').trimEnd().split('\n');
    expect(rows.length).toBeGreaterThan(5);
    expectRead(name, rows, 'compat');
    expectRead(name, rows, 'improved');
  });

  it('reads lines made of anything as they were meant', () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom('=', '\\', '|', ' ', '\n', '\r', '\t', 'é', '😀', ' k=', 'CEF:0|', '\\n'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 60,
    });
    const row = fc.record({
      action: nasty,
      description: nasty,
      object: nasty,
      username: nasty,
      type: nasty,
      timestamp: fc.nat(),
    });
    const rows = fc.sample(row, { numRuns: 3000, seed: 3 }).map((value) => JSON.stringify(value));
    expectRead('adminaction', rows, 'compat');
    expectRead('adminaction', rows, 'improved');
  });
});
