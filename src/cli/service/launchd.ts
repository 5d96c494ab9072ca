import { posix } from 'node:path';
import { restartSeconds, serviceName, stopSeconds, type ServiceTarget } from './target.ts';
import { element, type Xml, xmlText } from './xml.ts';

export const launchdUser = '_duologsync';
export const plistFile = `/Library/LaunchDaemons/${serviceName}.plist`;
/** What root finds without being told, so that commands by root meet the service. */
export const macFolders = {
  state: '/Library/Application Support/duologsync/state',
  logs: '/Library/Logs/duologsync',
} as const;

type Plist = string | number | boolean | readonly string[] | { readonly [key: string]: Plist };

/**
 * The plist: launchd.plist(5). launchd starts it again after every failure, whatever the exit code; it knows
 * no list of codes. The default of 256 open files is too low for an MSP.
 */
export function launchdPlist(target: ServiceTarget): string {
  const { node, script, config, extraCa } = target;
  const environment = {
    STATE_DIRECTORY: macFolders.state,
    LOGS_DIRECTORY: macFolders.logs,
    ...(extraCa === undefined ? {} : { NODE_EXTRA_CA_CERTS: extraCa }),
  };
  const plist: Plist = {
    Label: serviceName,
    ProgramArguments: [node, script, 'run', config],
    UserName: launchdUser,
    GroupName: launchdUser,
    WorkingDirectory: posix.dirname(config),
    EnvironmentVariables: environment,
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: restartSeconds,
    ExitTimeOut: stopSeconds,
    Umask: 0o077,
    StandardOutPath: '/dev/null',
    StandardErrorPath: posix.join(macFolders.logs, 'stderr.log'),
    SoftResourceLimits: { NumberOfFiles: 8192 },
    HardResourceLimits: { NumberOfFiles: 8192 },
  };
  const doctype =
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">';
  const root = { name: 'plist', attributes: { version: '1.0' }, content: [valueOf(plist)] };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${doctype}\n${xmlText(root)}`;
}

function valueOf(plist: Plist): Xml {
  if (typeof plist === 'string') return element('string', plist);
  if (typeof plist === 'number') return element('integer', String(plist));
  if (typeof plist === 'boolean') return element(plist ? 'true' : 'false');
  if (isList(plist)) return element('array', plist.map(valueOf));
  return element(
    'dict',
    Object.entries(plist).flatMap(([key, inner]) => [element('key', key), valueOf(inner)]),
  );
}

function isList(plist: Plist): plist is readonly string[] {
  return Array.isArray(plist);
}
