import { posix } from 'node:path';
import {
  finalExits,
  restartSeconds,
  serviceSentence,
  stopSeconds,
  type ServiceTarget,
} from './target.ts';

export const systemdUser = 'duologsync';
export const unitFile = '/etc/systemd/system/duologsync.service';

/**
 * The unit: systemd.service(5), systemd.exec(5). Left out on purpose: MemoryDenyWriteExecute, because V8 compiles
 * at run time, and WatchdogSec, because Node cannot notify.
 */
export function systemdUnit(target: ServiceTarget): string {
  const { node, script, config, credentials, extraCa } = target;
  const writable = [...target.writable, ...target.archives.map(({ path }) => path)];
  const command = (...words: string[]): string => [node, script, ...words].map(word).join(' ');
  // Folders there are emptied for a service with a /tmp of its own.
  const temporary = writable.some((folder) => /^\/(?:var\/)?tmp(?:\/|$)/.test(folder));
  return `[Unit]
Description=${serviceSentence}
Wants=network-online.target
After=network-online.target
# Never given up.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${systemdUser}
Group=${systemdUser}
WorkingDirectory=${value(posix.dirname(config))}
ExecStartPre=${command('validate', config)}
ExecStart=${command('run', config)}
# A broken file is refused here, and the program goes on with the old one. Secrets are not read,
# because systemd before 260 hides credentials from this command; the program itself reads them.
ExecReload=${command('validate', '--no-secrets', config)}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=${restartSeconds}
# Holds for ExecStart. What ExecStartPre refuses is tried again, and starts once it is mended.
RestartPreventExitStatus=${finalExits.join(' ')}
TimeoutStopSec=${stopSeconds}
KillMode=mixed
${credentialLines(credentials)}
${extraCa === undefined ? '' : `Environment=${word(`NODE_EXTRA_CA_CERTS=${extraCa}`)}\n`}
StateDirectory=duologsync
StateDirectoryMode=0700
LogsDirectory=duologsync
LogsDirectoryMode=0750
UMask=0077
${writable.map((folder) => `ReadWritePaths=-${word(folder)}\n`).join('')}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=${temporary ? 'no' : 'yes'}
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`.replace(/\n{3,}/g, '\n\n');
}

function credentialLines(credentials: ServiceTarget['credentials']): string {
  if (credentials.length === 0)
    return `# For skey_credential: 'skey' in the config; the file may belong to root alone.
#LoadCredential=skey:/etc/duologsync/skey`;
  return credentials
    .map(({ name, file }) => `LoadCredential=${value(`${name}:${file}`)}`)
    .join('\n');
}

/** One word of a command line: % begins a specifier, $ a variable; spaces and quotes need quotes. */
function word(text: string): string {
  const escaped = value(text).replaceAll('$', '$$$$');
  if (/^[\w@%+=:,./-]+$/.test(text)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function value(text: string): string {
  return text.replaceAll('%', '%%');
}
