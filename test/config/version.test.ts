import { describe, expect, it } from 'vitest';
import { hasVersion, isOldFormat, versionFinding } from '../../src/config/version.ts';
import { readYaml } from '../../src/config/yaml-document.ts';

const finding = (text: string) => versionFinding(readYaml(text).root, 'config.yml');

describe('the version of the file', () => {
  it('is right with and without quotes', () => {
    expect(finding("version: '1.0.0'\n")).toBeUndefined();
    expect(finding('version: 1.0.0\n')).toBeUndefined();
  });

  it('that is missing from an old file leads to the upgrade command, and nothing else is told', () => {
    const found = finding('logs:\n  logDir: /tmp\n');
    expect(found?.alone).toBe(true);
    expect(found?.finding.fix).toContain('duologsync-upgrade-config config.yml NEW');
  });

  it('that is missing from a new file leads to the line to add, and to the upgrade command', () => {
    for (const text of [
      'account:\n  ikey: x\n',
      'version:\naccount: {}\n',
      "version: ''\naccount: {}\n",
    ]) {
      const found = finding(text);
      expect(found).toMatchObject({ alone: false, finding: { code: 'version_missing' } });
      expect(found?.finding.fix).toContain("version: '1.0.0'");
      expect(found?.finding.fix).toContain('duologsync-upgrade-config');
    }
  });

  it.each(['version: 2', 'version: 1.0', 'version: 2020-01-01', 'version: [1]'])(
    'in %j is not read',
    (text) => {
      expect(finding(text)).toMatchObject({ finding: { code: 'version_unknown' } });
    },
  );

  it('tells the old format from a new one that lacks its version', () => {
    const root = (text: string) => readYaml(text).root;
    expect(isOldFormat(root('duoclient: {}\n'))).toBe(true);
    expect(isOldFormat(root('account: {}\n'))).toBe(false);
    expect(isOldFormat(root("version: '1.0.0'\nlogs: {}\n"))).toBe(false);
    expect(isOldFormat(undefined)).toBe(false);
  });

  it('that has no value is none', () => {
    const present = (text: string): boolean => {
      const { root } = readYaml(text);
      return root !== undefined && hasVersion(root);
    };
    expect(present('version:\n')).toBe(false);
    expect(present('version: 0\n')).toBe(true);
  });
});
