import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import type { Ran, System } from './system.ts';
import { serviceName, type ServiceKind } from './target.ts';

interface Question {
  readonly argv: readonly string[];
  /** Undefined: this manager knows no such service. */
  running(answer: Ran): boolean | undefined;
}

const managers: Readonly<Record<ServiceKind, Question>> = {
  systemd: {
    argv: ['systemctl', 'status', '--no-pager', '--lines=5', serviceName],
    // systemctl(1), exit status: 0 runs, 3 does not; 4 is not known, others say that there is no systemd.
    running: ({ code }) => (code === 0 ? true : code === 3 ? false : undefined),
  },
  launchd: {
    argv: ['launchctl', 'print', `system/${serviceName}`],
    running: ({ code, stdout }) => (code === 0 ? /^\s*state = running$/m.test(stdout) : undefined),
  },
  shawl: {
    argv: ['sc.exe', 'query', serviceName],
    // The number is the same in every language: SERVICE_RUNNING.
    running: ({ code, stdout }) => (code === 0 ? /:\s*4\s/.test(stdout) : undefined),
  },
  task: {
    argv: [
      ...['powershell.exe', '-NoProfile', '-NonInteractive', '-Command'],
      `"state: $((Get-ScheduledTask -TaskName ${serviceName} -ErrorAction Stop).State)"`,
    ],
    running: ({ code, stdout }) => (code === 0 ? /state: Running/.test(stdout) : undefined),
  },
};

/** Asks the service manager, on Windows both that it may be; exit 0 when it runs, 69 when it does not. */
export async function askManager(kind: ServiceKind, io: Io, system: System): Promise<ExitCode> {
  const kinds: readonly ServiceKind[] = io.platform === 'win32' ? ['shawl', 'task'] : [kind];
  for (const one of kinds) {
    const answer = await system.run(managers[one].argv);
    const running = managers[one].running(answer);
    if (running === undefined) continue;
    say(io.stdout, answer.stdout.trim());
    say(io.stdout, running ? 'The service runs.' : 'The service is installed and does not run.');
    return running ? exitCodes.ok : exitCodes.unavailable;
  }
  say(io.stdout, 'No service is installed. To set it up: duologsync service install CONFIG');
  return exitCodes.unavailable;
}
