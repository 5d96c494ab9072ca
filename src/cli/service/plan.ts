import { posix, win32 } from 'node:path';
import { launchdPlist, launchdUser, macFolders, plistFile } from './launchd.ts';
import { shawlCommand } from './shawl.ts';
import { systemdUnit, systemdUser, unitFile } from './systemd.ts';
import { serviceName, type ServiceKind, type ServiceTarget } from './target.ts';
import { networkService, taskXml } from './task.ts';

/** One thing that `service install` or `uninstall` does, in this order; told before it is done. */
export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'run';
      readonly argv: readonly string[];
      /** Its failure is no reason to stop, as when what it removes is not there. */
      readonly optional?: boolean;
    };

export interface Machine {
  /** Whether the service's user is there. */
  readonly hasUser: boolean;
  /** A number that no user and no group has (macOS). */
  readonly freeId: number;
  /** Where files of this kind lie: %ProgramData% on Windows. */
  readonly programData: string;
  /** shawl.exe, for the kind `shawl`. */
  readonly shawl: string;
}

const run = (...argv: string[]): Step => ({ kind: 'run', argv });
const optional = (...argv: string[]): Step => ({ kind: 'run', argv, optional: true });

/** What is printed: the file that the service manager reads; for Shawl nothing, it has a command. */
export function serviceText(kind: Exclude<ServiceKind, 'shawl'>, target: ServiceTarget): string {
  switch (kind) {
    case 'systemd':
      return systemdUnit(target);
    case 'launchd':
      return launchdPlist(target);
    case 'task':
      return taskXml(target);
  }
}

export function installSteps(kind: ServiceKind, target: ServiceTarget, machine: Machine): Step[] {
  switch (kind) {
    case 'systemd':
      return [
        ...(machine.hasUser ? [] : [addLinuxUser]),
        ...newArchives(target).map((folder) => ownFolder(folder, systemdUser)),
        run('chown', `root:${systemdUser}`, target.config),
        run('chmod', '0640', target.config),
        { kind: 'write', path: unitFile, text: systemdUnit(target) },
        run('systemctl', 'daemon-reload'),
        run('systemctl', 'enable', serviceName),
        // Starts it, too, where it does not run yet.
        run('systemctl', 'restart', serviceName),
      ];
    case 'launchd':
      return [
        ...(machine.hasUser ? [] : addMacUser(machine.freeId)),
        ...[...Object.values(macFolders), ...newArchives(target)].map((folder) =>
          ownFolder(folder, launchdUser),
        ),
        run('chown', `root:${launchdUser}`, target.config),
        run('chmod', '0640', target.config),
        { kind: 'write', path: plistFile, text: launchdPlist(target) },
        optional('launchctl', 'bootout', `system/${serviceName}`),
        run('launchctl', 'bootstrap', 'system', plistFile),
      ];
    case 'task': {
      const file = taskFile(machine);
      return [
        ...protectOnWindows(target, machine),
        { kind: 'write', path: file, text: taskXml(target) },
        run('schtasks.exe', '/create', '/f', '/tn', serviceName, '/xml', file),
        run('schtasks.exe', '/run', '/tn', serviceName),
      ];
    }
    case 'shawl':
      return [
        ...protectOnWindows(target, machine),
        run(...shawlCommand(target, shawlLogs(machine), machine.shawl)),
        run(
          ...['sc.exe', 'config', serviceName, 'start=', 'delayed-auto'],
          ...['obj=', 'NT AUTHORITY\\NetworkService'],
        ),
        run('sc.exe', 'start', serviceName),
      ];
  }
}

/** Config, state, log, the user and the rights that were set stay: they are the admin's. */
export function uninstallSteps(kind: ServiceKind, machine: Machine): Step[] {
  switch (kind) {
    case 'systemd':
      return [
        optional('systemctl', 'disable', '--now', serviceName),
        { kind: 'remove', path: unitFile },
        run('systemctl', 'daemon-reload'),
      ];
    case 'launchd':
      return [
        optional('launchctl', 'bootout', `system/${serviceName}`),
        { kind: 'remove', path: plistFile },
      ];
    case 'task':
      return [
        optional('schtasks.exe', '/end', '/tn', serviceName),
        run('schtasks.exe', '/delete', '/f', '/tn', serviceName),
        { kind: 'remove', path: taskFile(machine) },
      ];
    case 'shawl':
      return [optional('sc.exe', 'stop', serviceName), run('sc.exe', 'delete', serviceName)];
  }
}

export function shawlLogs({ programData }: Machine): string {
  return win32.join(programData, 'duologsync', 'logs');
}

function taskFile({ programData }: Machine): string {
  return win32.join(programData, 'duologsync', 'task.xml');
}

const addLinuxUser = run(
  ...['useradd', '--system', '--user-group', '--no-create-home'],
  ...['--home-dir', posix.join('/var/lib', serviceName), '--shell', '/usr/sbin/nologin'],
  systemdUser,
);

/** dscl(1): a role account, which nobody can log in with. */
function addMacUser(id: number): Step[] {
  const group = `/Groups/${launchdUser}`;
  const user = `/Users/${launchdUser}`;
  const create = (record: string, ...rest: string[]): Step =>
    run('dscl', '.', '-create', record, ...rest);
  return [
    create(group),
    create(group, 'PrimaryGroupID', String(id)),
    create(user),
    create(user, 'UniqueID', String(id)),
    create(user, 'PrimaryGroupID', String(id)),
    create(user, 'UserShell', '/usr/bin/false'),
    create(user, 'NFSHomeDirectory', '/var/empty'),
    create(user, 'RealName', serviceName),
  ];
}

/** Also one that is there gets this owner and these rights. */
function ownFolder(folder: string, user: string): Step {
  return run('install', '-d', '-m', '0700', '-o', user, '-g', user, folder);
}

function newArchives({ archives }: ServiceTarget): string[] {
  return archives.filter(({ exists }) => !exists).map(({ path }) => path);
}

/**
 * Administrators and SYSTEM may do all, the service may read the config and write in its folders, nobody else may
 * anything: by their numbers, because names are translated. By default every user could read there. An archive
 * that is there keeps the rights that it has beside those of the service.
 */
function protectOnWindows({ config, archives }: ServiceTarget, machine: Machine): Step[] {
  const inside = '(OI)(CI)';
  const rights = (file: string, ours: string, inherit: string): Step =>
    run(
      ...['icacls.exe', file, '/inheritance:r', '/grant:r'],
      ...[
        `*S-1-5-32-544:${inherit}F`,
        `*S-1-5-18:${inherit}F`,
        `*${networkService}:${inherit}${ours}`,
      ],
    );
  const closed = (path: string): Step[] => [{ kind: 'folder', path }, rights(path, 'M', inside)];
  return [
    ...closed(win32.join(machine.programData, serviceName)),
    rights(config, 'R', ''),
    ...archives.flatMap(({ path, exists }) =>
      exists ? [run('icacls.exe', path, '/grant', `*${networkService}:${inside}M`)] : closed(path),
    ),
  ];
}
