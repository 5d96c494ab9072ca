import { describe, expect, it } from 'vitest';
import {
  installSteps,
  type Machine,
  type Step,
  uninstallSteps,
} from '../../../src/cli/service/plan.ts';
import { linuxTarget, macTarget, windowsTarget } from './targets.ts';

const machine: Machine = {
  hasUser: false,
  freeId: 351,
  programData: 'C:\\ProgramData',
  shawl: 'shawl',
};
const line = (step: Step): string =>
  step.kind === 'run' ? step.argv.join(' ') : `${step.kind} ${step.path}`;

describe('the steps on Linux', () => {
  it('make a user without a login, let it read the config, and start the unit', () => {
    expect(installSteps('systemd', linuxTarget, machine).map(line)).toEqual([
      'useradd --system --user-group --no-create-home --home-dir /var/lib/duologsync --shell /usr/sbin/nologin duologsync',
      'chown root:duologsync /etc/duologsync/config.yml',
      'chmod 0640 /etc/duologsync/config.yml',
      'write /etc/systemd/system/duologsync.service',
      'systemctl daemon-reload',
      'systemctl enable duologsync',
      'systemctl restart duologsync',
    ]);
  });

  it('make the folder of an archive for the user, and leave one that is there as it is', () => {
    const archives = [
      { path: '/var/log/duo', exists: false },
      { path: '/mnt/duo', exists: true },
    ];
    const lines = installSteps('systemd', { ...linuxTarget, archives }, machine).map(line);
    expect(lines[1]).toBe('install -d -m 0700 -o duologsync -g duologsync /var/log/duo');
    expect(lines.join('\n')).not.toContain('/mnt/duo');
  });

  it('make no user that is there', () => {
    const steps = installSteps('systemd', linuxTarget, { ...machine, hasUser: true });
    expect(steps.map(line).filter((one) => one.startsWith('useradd'))).toEqual([]);
  });

  it('back take the unit away and nothing else', () => {
    expect(uninstallSteps('systemd', machine).map(line)).toEqual([
      'systemctl disable --now duologsync',
      'remove /etc/systemd/system/duologsync.service',
      'systemctl daemon-reload',
    ]);
  });
});

describe('the steps on macOS', () => {
  it('make a role account with a free number, its folders, and load the plist anew', () => {
    const lines = installSteps('launchd', macTarget, machine).map(line);
    expect(lines).toContain('dscl . -create /Users/_duologsync UniqueID 351');
    expect(lines).toContain('dscl . -create /Users/_duologsync UserShell /usr/bin/false');
    expect(lines).toContain(
      'install -d -m 0700 -o _duologsync -g _duologsync /Library/Application Support/duologsync/state',
    );
    expect(lines.slice(-3)).toEqual([
      'write /Library/LaunchDaemons/duologsync.plist',
      'launchctl bootout system/duologsync',
      'launchctl bootstrap system /Library/LaunchDaemons/duologsync.plist',
    ]);
  });

  it('make the folder of an archive for the user, and leave one that is there as it is', () => {
    const archives = [
      { path: '/Users/Shared/duo', exists: false },
      { path: '/Volumes/duo', exists: true },
    ];
    const lines = installSteps('launchd', { ...macTarget, archives }, machine).map(line);
    expect(lines).toContain('install -d -m 0700 -o _duologsync -g _duologsync /Users/Shared/duo');
    expect(lines.join('\n')).not.toContain('/Volumes/duo');
  });

  it('back unload it and take the plist away', () => {
    expect(uninstallSteps('launchd', machine).map(line)).toEqual([
      'launchctl bootout system/duologsync',
      'remove /Library/LaunchDaemons/duologsync.plist',
    ]);
  });
});

describe('the steps on Windows', () => {
  const rights = [
    'folder C:\\ProgramData\\duologsync',
    'icacls.exe C:\\ProgramData\\duologsync /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-20:(OI)(CI)M',
    'icacls.exe C:\\ProgramData\\duologsync\\config.yml /inheritance:r /grant:r *S-1-5-32-544:F *S-1-5-18:F *S-1-5-20:R',
  ];

  it('keep config and state from other users, and register and start a task', () => {
    expect(installSteps('task', windowsTarget, machine).map(line)).toEqual([
      ...rights,
      'write C:\\ProgramData\\duologsync\\task.xml',
      'schtasks.exe /create /f /tn duologsync /xml C:\\ProgramData\\duologsync\\task.xml',
      'schtasks.exe /run /tn duologsync',
    ]);
  });

  it('register and start a service by Shawl, which may lie anywhere', () => {
    const shawl = 'D:\\tools\\shawl.exe';
    const lines = installSteps('shawl', windowsTarget, { ...machine, shawl }).map(line);
    expect(lines.slice(0, 3)).toEqual(rights);
    expect(lines[3]).toMatch(/^D:\\tools\\shawl\.exe add --name duologsync /);
    expect(lines.slice(4)).toEqual([
      'sc.exe config duologsync start= delayed-auto obj= NT AUTHORITY\\NetworkService',
      'sc.exe start duologsync',
    ]);
  });

  it('close the folder of a new archive like the state, and let the service into one that is there', () => {
    const archives = [
      { path: 'D:\\duo', exists: false },
      { path: 'E:\\duo', exists: true },
    ];
    for (const kind of ['task', 'shawl'] as const) {
      const lines = installSteps(kind, { ...windowsTarget, archives }, machine).map(line);
      expect(lines.slice(0, 6)).toEqual([
        ...rights,
        'folder D:\\duo',
        'icacls.exe D:\\duo /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-20:(OI)(CI)M',
        'icacls.exe E:\\duo /grant *S-1-5-20:(OI)(CI)M',
      ]);
    }
  });

  it('back take away what was registered', () => {
    expect(uninstallSteps('task', machine).map(line)).toEqual([
      'schtasks.exe /end /tn duologsync',
      'schtasks.exe /delete /f /tn duologsync',
      'remove C:\\ProgramData\\duologsync\\task.xml',
    ]);
    expect(uninstallSteps('shawl', machine).map(line)).toEqual([
      'sc.exe stop duologsync',
      'sc.exe delete duologsync',
    ]);
  });
});
