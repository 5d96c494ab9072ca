import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../../src/cli/exit-codes.ts';
import { systemdUnit } from '../../../src/cli/service/systemd.ts';
import { linuxTarget as target } from './targets.ts';

/** The settings of a unit, each with its values in order; an empty value empties the list before it. */
function settings(unit: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of unit.split('\n')) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), value ?? '']);
  }
  return found;
}

describe('the systemd unit', () => {
  const unit = settings(systemdUnit(target));
  const one = (key: string): string | undefined => unit.get(key)?.join(' | ');

  it('checks the config before a start and before a reload, and reloads by SIGHUP', () => {
    const program = `${target.node} ${target.script}`;
    expect(unit.get('ExecStartPre')).toEqual([`${program} validate ${target.config}`]);
    expect(unit.get('ExecStart')).toEqual([`${program} run ${target.config}`]);
    expect(unit.get('ExecReload')).toEqual([
      `${program} validate --no-secrets ${target.config}`,
      '/bin/kill -HUP $MAINPID',
    ]);
    expect(one('WorkingDirectory')).toBe('/etc/duologsync');
  });

  it('is started again for ever, but not for what only a person can mend', () => {
    expect(one('Restart')).toBe('always');
    expect(one('StartLimitIntervalSec')).toBe('0');
    const { usage, noInput, refused, config } = exitCodes;
    expect(one('RestartPreventExitStatus')).toBe([usage, noInput, refused, config].join(' '));
  });

  it('gives the program longer to stop than the program gives its deliveries', () => {
    expect(Number(one('TimeoutStopSec'))).toBeGreaterThan(25 + 5);
  });

  it('leaves V8 its right to compile', () => {
    expect(systemdUnit(target)).not.toContain('MemoryDenyWriteExecute');
  });

  it('loads the credentials that the config names', () => {
    const credentials = [{ name: 'skey', file: '/etc/duologsync/skey' }];
    const loaded = settings(systemdUnit({ ...target, credentials }));
    expect(loaded.get('LoadCredential')).toEqual(['skey:/etc/duologsync/skey']);
    expect(unit.has('LoadCredential')).toBe(false);
  });

  it('lets the program write where the config says, and keeps its own /tmp unless that is there', () => {
    const moved = settings(systemdUnit({ ...target, writable: ['/srv/duo state'] }));
    expect(moved.get('ReadWritePaths')).toEqual(['-"/srv/duo state"']);
    expect(moved.get('PrivateTmp')).toEqual(['yes']);
    const temporary = settings(systemdUnit({ ...target, writable: ['/tmp/dls'] }));
    expect(temporary.get('PrivateTmp')).toEqual(['no']);
  });

  it('lets the program write its archives, beside everything else that the config names', () => {
    const archives = [
      { path: '/var/log/duo', exists: true },
      { path: '/mnt/big disk/duo', exists: false },
    ];
    const unit = settings(systemdUnit({ ...target, writable: ['/srv/duo'], archives }));
    const paths = ['-/srv/duo', '-/var/log/duo', '-"/mnt/big disk/duo"'];
    expect(unit.get('ReadWritePaths')).toEqual(paths);
    expect(unit.get('PrivateTmp')).toEqual(['yes']);
    const temporary = { ...target, archives: [{ path: '/tmp/duo', exists: false }] };
    expect(settings(systemdUnit(temporary)).get('PrivateTmp')).toEqual(['no']);
  });

  it('takes paths with spaces, quotes, percent and dollar signs as they are', () => {
    const odd = { ...target, config: '/etc/100% "$HOME"/con\\fig.yml' };
    const start = settings(systemdUnit(odd)).get('ExecStart')?.[0];
    expect(start).toContain('run "/etc/100%% \\"$$HOME\\"/con\\\\fig.yml"');
  });

  it('gives the program the certificates that the shell trusts besides', () => {
    const unit = settings(systemdUnit({ ...target, extraCa: '/etc/ssl/proxy ca.pem' }));
    expect(unit.get('Environment')).toEqual(['"NODE_EXTRA_CA_CERTS=/etc/ssl/proxy ca.pem"']);
  });
});
