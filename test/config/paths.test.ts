import { describe, expect, it } from 'vitest';
import { dlsDirectories, isTemporary, pathsOf, stateFolder } from '../../src/config/paths.ts';
import type { Host } from '../../src/config/paths.ts';

const host = (more: Partial<Host>): Host => ({
  platform: 'linux',
  env: {},
  home: '/home/duo',
  uid: 1000,
  ...more,
});
type Given = Parameters<typeof pathsOf>[0];

function settings(directory?: string, log_filepath?: string): Given {
  const checkpointing = { enabled: true, ...(directory === undefined ? {} : { directory }) };
  const log = log_filepath === undefined ? {} : { log_filepath };
  return { dls_settings: { ...log, checkpointing } as Given['dls_settings'] };
}

const systemd = { STATE_DIRECTORY: '/var/lib/one:/var/lib/two', LOGS_DIRECTORY: '/var/log/one' };

describe('where state and log lie when the config does not say', () => {
  it.each([
    ['root on Linux', { uid: 0 }, '/var/lib/duologsync', '/var/log/duologsync/duologsync.log'],
    ['a systemd service', { uid: 7, env: systemd }, '/var/lib/one', '/var/log/one/duologsync.log'],
    [
      'a user on Linux',
      {},
      '/home/duo/.local/state/duologsync',
      '/home/duo/.local/state/duologsync/logs/duologsync.log',
    ],
    [
      'a user with XDG_STATE_HOME',
      { env: { XDG_STATE_HOME: '/data' } },
      '/data/duologsync',
      '/data/duologsync/logs/duologsync.log',
    ],
    [
      'a user whose XDG_STATE_HOME is relative, which XDG ignores',
      { env: { XDG_STATE_HOME: 'data' } },
      '/home/duo/.local/state/duologsync',
      '/home/duo/.local/state/duologsync/logs/duologsync.log',
    ],
    [
      'root on macOS',
      { platform: 'darwin', uid: 0 },
      '/Library/Application Support/duologsync/state',
      '/Library/Logs/duologsync/duologsync.log',
    ],
    [
      'a user on macOS',
      { platform: 'darwin', home: '/Users/duo' },
      '/Users/duo/Library/Application Support/duologsync/state',
      '/Users/duo/Library/Logs/duologsync/duologsync.log',
    ],
    [
      'Windows',
      { platform: 'win32', uid: undefined, env: { ProgramData: 'D:\\Data' } },
      'D:\\Data\\duologsync\\state',
      'D:\\Data\\duologsync\\logs\\duologsync.log',
    ],
    [
      'Windows without its variable',
      { platform: 'win32', uid: undefined },
      'C:\\ProgramData\\duologsync\\state',
      'C:\\ProgramData\\duologsync\\logs\\duologsync.log',
    ],
  ] as const)('%s', (_who, given, directory, logFile) => {
    expect(pathsOf(settings(), host(given))).toMatchObject({ directory, logFile });
  });

  it('is not asked when the config says it', () => {
    expect(pathsOf(settings('/srv/dls', '/srv/dls.log'), host({ env: systemd }))).toEqual({
      directory: '/srv/dls',
      logFile: '/srv/dls.log',
      dlsDirectories: ['/srv/dls'],
    });
  });
});

describe("DLS's own checkpoints", () => {
  it('are looked for in /tmp too when the config names no folder, because DLS wrote them there', () => {
    const root = host({ uid: 0 });
    expect(dlsDirectories(settings(), root)).toEqual([stateFolder(root), '/tmp']);
  });
});

describe('a folder that is emptied', () => {
  it.each([
    ['/tmp', 'linux', true],
    ['/tmp/dls/x', 'linux', true],
    ['//tmp//x', 'linux', true],
    ['/private/tmp', 'darwin', true],
    ['/tmpfiles', 'linux', false],
    ['/var/tmp', 'linux', false],
    ['/var/lib/tmp', 'linux', false],
    ['C:\\tmp\\dls', 'win32', true],
    ['\\tmp', 'win32', true],
    ['C:\\tmp', 'linux', false],
  ] as const)('%s on %s: %j', (path, platform, temporary) => {
    expect(isTemporary(path, host({ platform }))).toBe(temporary);
  });
});
