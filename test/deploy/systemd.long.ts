import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemdUnit } from '../../src/cli/service/systemd.ts';
import { mainFile } from '../helpers/program.ts';
import { deployed, programOf } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'duologsync-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The unit with programs that are there, which systemd looks for. */
const unit = systemdUnit({
  node: process.execPath,
  script: mainFile,
  config: '/etc/duologsync/config.yml',
  writable: ['/srv/duo state'],
  archives: [{ path: '/srv/duo archive', exists: true }],
  credentials: [{ name: 'skey', file: '/etc/duologsync/skey' }],
  extraCa: '/etc/ssl/proxy ca.pem',
});

function analyze(text: string, ...words: string[]): { code: number | null; said: string } {
  const file = join(folder, 'duologsync.service');
  writeFileSync(file, text);
  const { program, env } = programOf('systemd-analyze', ['systemd'], 'usr/bin/systemd-analyze');
  const ran = spawnSync(program, [...words, file], { env, encoding: 'utf8' });
  return { code: ran.status, said: `${ran.stdout}${ran.stderr}` };
}

describe('the systemd unit', () => {
  it('is understood by systemd to its last word', () => {
    expect(analyze(unit, 'verify', '--man=no')).toEqual({ code: 0, said: '' });
  });

  it('would be told from one with a misspelt word or a program that is not there', () => {
    expect(
      analyze(unit.replace('ProtectHome', 'ProtectHoem'), 'verify', '--man=no').said,
    ).toContain('ProtectHoem');
    const { code, said } = analyze(
      unit.replaceAll(process.execPath, '/no/node'),
      'verify',
      '--man=no',
    );
    expect(code).not.toBe(0);
    expect(said).toContain('/no/node');
  });

  it('exposes no more than 1.6 of 10, as systemd counts', () => {
    const threshold = ['security', '--offline=true', '--threshold=16'];
    for (const text of [unit, deployed('duologsync.service')]) {
      const { code, said } = analyze(text, ...threshold);
      expect(said).toMatch(/Overall exposure level for duologsync.service: 1\.\d OK/);
      expect(code).toBe(0);
    }
    expect(analyze(unit.replace('ProtectSystem=strict', ''), ...threshold).code).not.toBe(0);
  });
});
