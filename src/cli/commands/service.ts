import { formatProblems } from '../../config/issues.ts';
import { messageOf } from '../../core/errors.ts';
import { tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { type Found, findTarget, lookAround } from '../service/machine.ts';
import {
  installSteps,
  serviceText,
  shawlLogs,
  type Step,
  uninstallSteps,
} from '../service/plan.ts';
import { shawlCommand, shellWord, windowsWord } from '../service/shawl.ts';
import { askManager } from '../service/state.ts';
import { realSystem, type System } from '../service/system.ts';
import type { ServiceKind } from '../service/target.ts';

export interface ServiceOptions {
  /** Windows: by Shawl instead of the Task Scheduler; the path of shawl.exe where it is not in PATH. */
  readonly shawl?: boolean | string;
  /** Ask nothing. */
  readonly yes?: boolean;
}

export type ServiceVerb = 'print' | 'install' | 'uninstall' | 'status';

/** Runs duologsync as a service of this machine: shows how, sets it up, takes it away, says how it is. */
export async function service(
  verb: ServiceVerb,
  config: string | undefined,
  options: ServiceOptions,
  io: Io,
  system: System = realSystem,
): Promise<ExitCode> {
  const kind = kindOf(options, io);
  if (kind === undefined) {
    say(io.stderr, `duologsync: no service manager is known for ${io.platform}.`);
    say(
      io.stderr,
      "  Let the system's own one start: duologsync run CONFIG. docs/operations.md says more.",
    );
    return exitCodes.usage;
  }
  const shawl = typeof options.shawl === 'string' ? options.shawl : 'shawl';
  if (verb === 'status') return askManager(kind, io, system);
  const machine = await lookAround(kind, io, system, shawl);
  if (verb === 'uninstall') {
    const kept = "Config, checkpoints, log and the service's user stay.";
    return perform(verb, uninstallSteps(kind, machine), [kept], undefined, options, io, system);
  }
  const found = await findTarget(config, kind, io, system);
  if (verb === 'print') return print(kind, found, shawlLogs(machine), shawl, io);
  const wrong = complaint(found, io);
  if (wrong !== undefined) return wrong;
  const steps = installSteps(kind, found.target, machine);
  return perform(verb, steps, found.notes, found.target.config, options, io, system);
}

function kindOf({ shawl }: ServiceOptions, { platform }: Io): ServiceKind | undefined {
  if (platform === 'win32') return shawl === undefined || shawl === false ? 'task' : 'shawl';
  if (platform === 'darwin') return 'launchd';
  return platform === 'linux' ? 'systemd' : undefined;
}

function print(kind: ServiceKind, found: Found, logs: string, shawl: string, io: Io): ExitCode {
  if ('error' in found.loaded) say(io.stderr, `note: ${messageOf(found.loaded.error)}`);
  for (const note of [...found.obstacles, ...found.notes]) say(io.stderr, `note: ${note}`);
  if (kind === 'shawl')
    say(io.stdout, shawlCommand(found.target, logs, shawl).map(windowsWord).join(' '));
  else io.stdout.write(serviceText(kind, found.target));
  return exitCodes.ok;
}

/** What stands in the way of an installation: told with its exit code. */
function complaint({ loaded, obstacles }: Found, io: Io): ExitCode | undefined {
  if ('error' in loaded) return tell(loaded.error, io);
  if (loaded.config === undefined) {
    say(io.stderr, formatProblems(loaded.problems, loaded.text).trimEnd());
    return exitCodes.config;
  }
  for (const obstacle of obstacles) say(io.stderr, `duologsync: ${obstacle}`);
  return obstacles.length > 0 ? exitCodes.cannotCreate : undefined;
}

async function perform(
  verb: 'install' | 'uninstall',
  steps: readonly Step[],
  notes: readonly string[],
  config: string | undefined,
  options: ServiceOptions,
  io: Io,
  system: System,
): Promise<ExitCode> {
  if (!(await mayDoIt(io, system))) {
    sayHowToGetRights(verb, config, io);
    return exitCodes.cannotCreate;
  }
  say(io.stderr, `duologsync service ${verb} does this:`);
  for (const [index, step] of steps.entries())
    say(io.stderr, `  ${index + 1}. ${wordsOf(step, io)}`);
  for (const note of notes) say(io.stderr, `note: ${note}`);
  if (options.yes !== true) {
    if (system.ask === undefined) {
      say(io.stderr, 'duologsync: nobody can answer here, so nothing was done. Add --yes.');
      return exitCodes.usage;
    }
    if (!/^y(es)?$/i.test((await system.ask('Go on? [y/N] ')).trim())) {
      say(io.stderr, 'Nothing was done.');
      return exitCodes.failure;
    }
  }
  for (const [index, step] of steps.entries()) {
    const trouble = await carryOut(step, system);
    if (trouble === undefined) continue;
    say(io.stderr, `duologsync: step ${index + 1} failed: ${trouble}`);
    say(io.stderr, `  Steps before it are done. Mend it and run the same command again.`);
    if (wordsOf(step, io).startsWith('run    systemctl restart'))
      say(io.stderr, '  Why it does not start: journalctl -u duologsync -n 30');
    return exitCodes.cannotCreate;
  }
  say(io.stdout, verb === 'install' ? 'duologsync runs as a service.' : 'The service is gone.');
  if (verb === 'install')
    say(io.stdout, 'See how it is: duologsync service status, duologsync status');
  return exitCodes.ok;
}

/** fltmc is there on every Windows and answers administrators alone. */
async function mayDoIt(io: Io, system: System): Promise<boolean> {
  if (io.platform === 'win32') return (await system.run(['fltmc.exe'])).code === 0;
  return io.uid === 0;
}

function sayHowToGetRights(verb: string, config: string | undefined, io: Io): void {
  if (io.platform === 'win32') {
    say(io.stderr, `duologsync: service ${verb} needs an administrator.`);
    say(io.stderr, '  Open the prompt by "Run as administrator" and give the same command.');
    return;
  }
  const words = ['duologsync', 'service', verb, ...(config === undefined ? [] : [config])];
  say(io.stderr, `duologsync: service ${verb} needs root. Run:`);
  say(io.stderr, `  sudo ${words.map(shellWord).join(' ')}`);
}

function wordsOf(step: Step, { platform }: Io): string {
  if (step.kind === 'write') return `write  ${step.path} (duologsync service print shows it)`;
  if (step.kind === 'remove') return `remove ${step.path}`;
  if (step.kind === 'folder') return `make   ${step.path}`;
  const quote = platform === 'win32' ? windowsWord : shellWord;
  return `run    ${step.argv.map(quote).join(' ')}`;
}

/** What went wrong, in a sentence; undefined when nothing did. */
async function carryOut(step: Step, system: System): Promise<string | undefined> {
  try {
    switch (step.kind) {
      case 'write':
        await system.write(step.path, step.text);
        return undefined;
      case 'remove':
        await system.remove(step.path);
        return undefined;
      case 'folder':
        await system.makeFolder(step.path);
        return undefined;
      case 'run': {
        const { code, stdout, stderr } = await system.run(step.argv);
        if (code === 0 || step.optional === true) return undefined;
        const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n    ');
        return `${step.argv[0] ?? ''} ended with ${code}: ${said}`;
      }
    }
  } catch (error) {
    return messageOf(error);
  }
}
