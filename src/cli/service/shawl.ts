import { win32 } from 'node:path';
import { finalExits, serviceName, type ServiceTarget } from './target.ts';

// Below stopSeconds: Windows itself waits little longer for a service when it shuts down.
const stopMs = 30_000;

/**
 * Registers the program as a Windows service by Shawl (github.com/mtkennerly/shawl), which sends Ctrl-C to stop it
 * and starts it again after every end that a restart may mend. `logs` is where Shawl writes what the program says.
 */
export function shawlCommand(target: ServiceTarget, logs: string, shawl = 'shawl'): string[] {
  const { node, script, config, extraCa } = target;
  return [
    shawl,
    'add',
    ...['--name', serviceName],
    ...['--cwd', win32.dirname(config)],
    ...['--log-dir', logs],
    ...['--pass', '0'],
    ...['--restart-if-not', ['0', ...finalExits].join(',')],
    ...['--stop-timeout', String(stopMs)],
    ...(extraCa === undefined ? [] : ['--env', `NODE_EXTRA_CA_CERTS=${extraCa}`]),
    '--',
    ...[node, script, 'run', config],
  ];
}

/** One word of a Windows command line, as CommandLineToArgvW and PowerShell and cmd read it. */
export function windowsWord(text: string): string {
  if (text !== '' && !/[\s"&|<>^()%!,;=']/.test(text)) return text;
  // Backslashes count only before a quote: double them there, and at the end.
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
