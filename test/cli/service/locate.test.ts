import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isPersonal, lastingNode, ownScript } from '../../../src/cli/service/locate.ts';

function node(
  platform: NodeJS.Platform,
  execPath: string,
  path: string,
  links: Record<string, string>,
) {
  const realpath = (file: string): Promise<string | undefined> => Promise.resolve(links[file]);
  return lastingNode({ platform, execPath, path, realpath });
}

describe('the node of a service', () => {
  const cellar = '/opt/homebrew/Cellar/node/24.1.0/bin/node';

  it('is the one in PATH that runs us, because an update takes the versioned one away', async () => {
    const links = {
      [cellar]: cellar,
      '/opt/homebrew/bin/node': cellar,
      '/usr/bin/node': '/usr/bin/node',
    };
    expect(await node('darwin', cellar, 'bin:/usr/bin:/opt/homebrew/bin', links)).toBe(
      '/opt/homebrew/bin/node',
    );
  });

  it('is the very program when PATH has another, or none', async () => {
    const links = { [cellar]: cellar, '/usr/bin/node': '/usr/bin/node' };
    expect(await node('darwin', cellar, '/usr/bin', links)).toBe(cellar);
    expect(await node('darwin', cellar, '', links)).toBe(cellar);
  });

  it('is found on Windows too', async () => {
    const exe = 'C:\\Program Files\\nodejs\\node.exe';
    expect(await node('win32', exe, 'C:\\Windows;C:\\Program Files\\nodejs', { [exe]: exe })).toBe(
      exe,
    );
  });
});

describe('the script of a service', () => {
  it('is main.js of this installation', () => {
    expect(existsSync(ownScript().replace(/\.js$/, '.ts'))).toBe(true);
  });
});

describe('a path', () => {
  it.each<[string, NodeJS.Platform, boolean]>([
    ['/home/ann/config.yml', 'linux', true],
    ['/root' + '/.nvm/versions/node/v24.0.0/bin/node', 'linux', true],
    ['/etc/duologsync/config.yml', 'linux', false],
    ['/homes/config.yml', 'linux', false],
    ['/Users/ann/config.yml', 'darwin', true],
    ['/Library/Application Support/duologsync/config.yml', 'darwin', false],
    [
      'C:\\Users\\ann\\AppData\\Roaming\\npm\\node_modules\\duologsync\\dist\\src\\main.js',
      'win32',
      true,
    ],
    ['c:/users/ann/config.yml', 'win32', true],
    ['C:\\Users\\Public\\config.yml', 'win32', false],
    ['C:\\ProgramData\\duologsync\\config.yml', 'win32', false],
  ])('%s on %s is a person’s: %s', (file, platform, personal) => {
    expect(isPersonal(file, platform)).toBe(personal);
  });
});
