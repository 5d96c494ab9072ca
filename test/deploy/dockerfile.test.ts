import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { stateFolder, logFolder } from '../../src/config/paths.ts';
import { deployed, root } from './files.ts';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Dockerfile reference: a line that ends in a backslash goes on; comments stand on lines of their own. */
export function instructions(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) throw new Error(`no instruction: ${line}`);
    return { name, rest };
  });
}

const all = instructions(deployed('Dockerfile'));
const one = (name: string): string => {
  const found = all.filter((instruction) => instruction.name === name);
  expect(
    found.map(({ name }) => name),
    name,
  ).toEqual([name]);
  return found[0]?.rest ?? '';
};
const at = (name: string): number => all.findIndex((instruction) => instruction.name === name);
const env: Readonly<Record<string, string>> = Object.fromEntries(
  one('ENV')
    .split(/\s+/)
    .map((pair): [string, string] => [pair.replace(/=.*/, ''), pair.replace(/^[^=]*=/, '')]),
);

describe('the Dockerfile', () => {
  it('holds instructions that Docker knows, from the base image on', () => {
    const known = 'FROM COPY RUN ENV USER WORKDIR VOLUME STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD';
    expect(all.map(({ name }) => name)).toEqual(known.split(' '));
    expect(one('FROM')).toBe('node:24-slim');
  });

  it('runs as a user that is not root and that owns what it writes', () => {
    const [, uid = '', gid = ''] = /^(\d+):(\d+)$/.exec(one('USER')) ?? [];
    expect(Number(uid)).toBeGreaterThan(0);
    expect(at('USER')).toBeGreaterThan(at('RUN'));
    expect(one('RUN')).toContain(
      `install -d -o ${uid} -g ${gid} -m 0700 ${env['STATE_DIRECTORY'] ?? ''} ${env['LOGS_DIRECTORY'] ?? ''}`,
    );
  });

  it('keeps state and log on volumes, where the program looks for them', () => {
    const host = { platform: 'linux', home: '/', uid: 10001, env } as const;
    expect(JSON.parse(one('VOLUME'))).toEqual([stateFolder(host), logFolder(host)]);
  });

  it('starts and asks the program itself, without a shell in between, and stops it by SIGTERM', () => {
    expect(JSON.parse(one('ENTRYPOINT'))).toEqual(['duologsync']);
    expect(JSON.parse(one('CMD'))).toEqual(['run']);
    expect(JSON.parse(one('HEALTHCHECK').replace(/^.* CMD /, ''))).toEqual([
      'duologsync',
      'status',
    ]);
    expect(one('STOPSIGNAL')).toBe('SIGTERM');
  });

  it('takes the package that npm pack makes', () => {
    const { name, version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      bin: Record<string, string>;
    };
    const pattern = one('COPY').split(' ')[0] ?? '';
    const packed = `${name}-${version}.tgz`;
    expect(packed).toMatch(new RegExp(`^${pattern.replaceAll('.', '\\.').replace('*', '.*')}$`));
    expect(Object.keys(bin)).toContain('duologsync');
  });
});

describe('the compose file', () => {
  const compose = parse(deployed('compose.yml')) as {
    services: { duologsync: Record<string, unknown> };
    secrets: Record<string, { file: string }>;
    volumes: Record<string, unknown>;
  };
  const { duologsync } = compose.services;

  it('gives the container no more than it needs', () => {
    expect(duologsync).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp'],
    });
    expect(duologsync).not.toHaveProperty('ports');
    expect(duologsync).not.toHaveProperty('privileged');
  });

  it('mounts config, state and log where the image has them, and the secret as a file', () => {
    expect(duologsync['volumes']).toEqual([
      `./config.yml:${env['DUOLOGSYNC_CONFIG'] ?? ''}:ro`,
      `state:${env['STATE_DIRECTORY'] ?? ''}`,
      `logs:${env['LOGS_DIRECTORY'] ?? ''}`,
    ]);
    expect(Object.keys(compose.volumes)).toEqual(['state', 'logs']);
    expect(duologsync['secrets']).toEqual(Object.keys(compose.secrets));
    expect(deployed('compose.yml')).toContain("skey_file: '/run/secrets/skey'");
  });

  it('waits longer for the end than the program waits for its deliveries', () => {
    expect(duologsync['stop_grace_period']).toBe('45s');
    expect(duologsync['restart']).toBe('unless-stopped');
    expect(duologsync['hostname']).toBe('duologsync');
  });
});

describe('what is deployed', () => {
  it('is in the package', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      files: string[];
    };
    expect(files).toContain('deploy');
  });
});
