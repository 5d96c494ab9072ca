import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { launchdPlist, macFolders } from '../../../src/cli/service/launchd.ts';
import { logFolder, stateFolder } from '../../../src/config/paths.ts';
import { type Element, readXml } from '../../helpers/xml.ts';
import { macTarget as target } from './targets.ts';

/** A property list as values. */
function valueOf({ name, children, text }: Element): unknown {
  switch (name) {
    case 'plist':
      return children.length === 1 && children[0] !== undefined ? valueOf(children[0]) : undefined;
    case 'dict': {
      const pairs: [string, unknown][] = [];
      for (let at = 0; at < children.length; at += 2) {
        const [key, value] = [children[at], children[at + 1]];
        if (key?.name !== 'key' || value === undefined) throw new Error('no pair of key and value');
        pairs.push([key.text, valueOf(value)]);
      }
      return Object.fromEntries(pairs);
    }
    case 'array':
      return children.map(valueOf);
    case 'string':
      return text;
    case 'integer':
      return Number(text);
    case 'true':
    case 'false':
      return name === 'true';
    default:
      throw new Error(`${name} has no place in a property list`);
  }
}

const read = (text: string): unknown => valueOf(readXml(text));

describe('the launchd plist', () => {
  it('starts the program with the machine, by whole paths, and again after each failure', () => {
    expect(read(launchdPlist(target))).toMatchObject({
      Label: 'duologsync',
      ProgramArguments: [target.node, target.script, 'run', target.config],
      UserName: '_duologsync',
      WorkingDirectory: '/Library/Application Support/duologsync',
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      Umask: 0o077,
    });
  });

  it('gives the program longer to stop than the program gives its deliveries', () => {
    const { ExitTimeOut } = read(launchdPlist(target)) as { ExitTimeOut: number };
    expect(ExitTimeOut).toBeGreaterThan(25 + 5);
  });

  it('puts state and log where the commands of root look for them', () => {
    const { EnvironmentVariables: env } = read(launchdPlist(target)) as {
      EnvironmentVariables: Record<string, string>;
    };
    const service = { platform: 'darwin', home: '/var/empty', uid: 350, env } as const;
    const root = { platform: 'darwin', home: '/var/root', uid: 0, env: {} } as const;
    expect(stateFolder(service)).toBe(stateFolder(root));
    expect(logFolder(service)).toBe(logFolder(root));
    expect(macFolders).toEqual({ state: stateFolder(root), logs: logFolder(root) });
  });

  it('takes any path as it is', () => {
    const config = '/Volumes/Ä <&> "x" \'y\'/config.yml';
    const { ProgramArguments } = read(launchdPlist({ ...target, config })) as {
      ProgramArguments: string[];
    };
    expect(ProgramArguments.at(-1)).toBe(config);
  });

  it("is accepted by the system's own reader, where there is one", () => {
    if (process.platform !== 'darwin') {
      expect(launchdPlist(target)).toMatch(
        /^<\?xml version="1.0" encoding="UTF-8"\?>\n<!DOCTYPE plist /,
      );
      return;
    }
    const answer = execFileSync('plutil', ['-lint', '-'], { input: launchdPlist(target) });
    expect(answer.toString()).toContain('OK');
  });
});
