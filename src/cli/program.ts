import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { existsSync } from 'node:fs';
import { didYouMean } from '../config/did-you-mean.ts';
import { messageOf } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import { addArchiveCommands } from './archive-commands.ts';
import { addCheckpointCommands } from './checkpoint-commands.ts';
import { configPath } from './config-file.ts';
import { exitCodes } from './exit-codes.ts';
import { type Io, processIo, say } from './io.ts';
import { addRunningCommands, withConfig } from './running-commands.ts';

interface Given {
  readonly config?: string;
}
type Validate = Given & { readonly json?: boolean; readonly secrets?: boolean };

const examples = `
Examples:
  duologsync config.yml                  forward until stopped
  duologsync validate config.yml         is the config file right?
  duologsync check config.yml            do Duo and the servers answer?
  duologsync status config.yml           how is it going? exit 0 healthy, 1 degraded, 69 not running
  duologsync demo                        see it work: no account, no network

Everything about the config file: docs/configuration.md. Coming from Duo Log Sync: docs/from-dls.md,
from Duo Watcher: docs/from-duo-watcher.md.`;

/** Runs one command line; resolves to its exit code. */
export async function main(argv: readonly string[], io: Io = processIo): Promise<number> {
  let exit: number = exitCodes.ok;
  const program = createProgram(io, (code) => (exit = code));
  try {
    await program.parseAsync([...withDefaultCommand(argv, program, io)], { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    say(io.stderr, `duologsync: unexpected failure: ${messageOf(error)}`);
    if (error instanceof Error && error.stack !== undefined) say(io.stderr, error.stack);
    return exitCodes.bug;
  }
}

/** Made anew for each use; also what the command reference is generated from. */
export function createProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command('duologsync');
  program
    .description('Forwards Cisco Duo logs to SIEMs: nothing lost, nothing to restart.')
    .version(packageVersion(), '--version', 'print the version')
    .usage('CONFIG | COMMAND …')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  addRun(program, io, finish);
  withConfig(program.command('validate'))
    .description('check the config file; exit 78 when it is wrong')
    .option('--json', 'print the problems as JSON')
    .option('--no-secrets', 'read no secret and no certificate')
    .action(async (config: string | undefined, { config: named, ...options }: Validate) => {
      const { validate } = await import('./commands/validate.ts');
      finish(await validate(config ?? named, options, io));
    });
  withConfig(program.command('check'))
    .description('check Duo and every server, step by step; sends no event unless told to')
    .option('--send-test', 'send each server one marked event, and print its id to search for')
    .option('--json', 'print all steps as JSON')
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { check } = await import('./commands/check.ts');
      finish(await check(config ?? named, options, io));
    });
  program
    .command('demo')
    .description('run against a simulated Duo and local servers; needs no account and no network')
    .option('--keep', 'go on until stopped')
    .action(async (options: { keep?: boolean }) => {
      const { demo } = await import('./commands/demo.ts');
      finish(await demo(options, io));
    });
  withConfig(program.command('gaps'))
    .description(
      'list what is lost for good until it is acknowledged; exit 1 when something is listed',
    )
    .option('--ack <ids>', 'acknowledge these, separated by commas, or all')
    .option('--json', 'print them as JSON')
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { gaps } = await import('./commands/gaps.ts');
      finish(await gaps({ ...options, config: config ?? named }, io));
    });
  program
    .command('ding')
    .argument('<host>', 'name or address')
    .argument(
      '[port-and-command...]',
      'the port, 2681 when left out; the command, status when left out',
    )
    .description('ask a query port; exit 0 answered, 1 an alert or a refusal, 69 no answer')
    .action(async (host: string, words: readonly string[]) => {
      const { ding } = await import('./commands/ding.ts');
      finish(await ding(host, words, io));
    });
  addDeadLetter(program, io, finish);
  addRunningCommands(program, io, finish);
  addCheckpointCommands(program, io, finish);
  addArchiveCommands(program, io, finish);
  addService(program, io, finish);
  return program;
}

function addRun(program: Command, io: Io, finish: (code: number) => void): void {
  withConfig(program.command('run', { isDefault: true }))
    .description('forward until stopped (the command when none is named)')
    .option('--once', 'end when all is read; exit 75 when something is left')
    .option('--stdout', 'print events instead of sending them; remembers nothing')
    .option('--only <endpoints>', 'only these, separated by commas')
    .option('--interval <seconds>', 'pause between polls, for tests', positive)
    .option('--rate <requests>', 'requests a minute to Duo per log, for tests', positive)
    .addOption(
      new Option('--give-up <seconds>', 'for --once: without any progress for so long')
        .argParser(positive)
        .hideHelp(),
    )
    .addOption(
      new Option('--list <seconds>', 'between two lists of child accounts, for tests')
        .argParser(positive)
        .hideHelp(),
    )
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { run } = await import('./commands/run.ts');
      finish(await run(config ?? named, options, io));
    });
}

function addService(program: Command, io: Io, finish: (code: number) => void): void {
  const group = program.command('service').description('run as a service of this machine');
  const verbs = {
    print: "write the unit, plist or task for this machine's paths to stdout",
    install: 'say what will be done, ask, and do it',
    uninstall: 'the reverse; config, checkpoints and log stay',
    status: 'ask the service manager; exit 69 when the service does not run',
  } as const;
  for (const verb of ['print', 'install', 'uninstall', 'status'] as const) {
    const command = group.command(verb).description(verbs[verb]);
    const takesConfig = verb === 'print' || verb === 'install';
    if (takesConfig) withConfig(command);
    if (verb !== 'status')
      command.option('--shawl [exe]', 'Windows: by Shawl, not by the Task Scheduler');
    if (verb === 'install' || verb === 'uninstall') command.option('--yes', 'do not ask');
    command.action(async (given: unknown) => {
      const { service } = await import('./commands/service.ts');
      const { config: named, ...options } = command.opts<Given>();
      const config = takesConfig && typeof given === 'string' ? given : named;
      finish(await service(verb, config, options, io));
    });
  }
}

function addDeadLetter(program: Command, io: Io, finish: (code: number) => void): void {
  const deadLetter = program
    .command('dead-letter')
    .description('look after events that could not be delivered');
  withConfig(deadLetter.command('list'))
    .description('count them by feed and reason; shows no event')
    .option('--json', 'print them as JSON')
    .option('--show <id>', 'print one with its event')
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { listDeadLetters } = await import('./commands/dead-letter.ts');
      finish(await listDeadLetters({ ...options, config: config ?? named }, io));
    });
  withConfig(deadLetter.command('resend'))
    .description('send them again, as their servers confirm it; exit 75 when a server is away')
    .option('--to <server>', 'to this server, formatted for it')
    .option('--feed <feed>', "only of this feed, as 'auth > siem', or of this log, as auth")
    .option('--reason <reason>', 'only oversize, unformattable or refused', reason)
    .option('--id <ids>', 'only these letters or events, separated by commas')
    .option('--dls <file>', "Duo Log Sync's <log>_udp_failed_ingestion_logs.txt instead")
    .option('--dry-run', 'count what would be sent; send nothing')
    .addOption(
      new Option('--give-up <seconds>', 'without any progress for so long')
        .argParser(positive)
        .hideHelp(),
    )
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { resendDeadLetters } = await import('./commands/dead-letter.ts');
      finish(await resendDeadLetters({ ...options, config: config ?? named }, io));
    });
}

function reason(text: string): string {
  if (['oversize', 'unformattable', 'refused'].includes(text)) return text;
  throw new InvalidArgumentError('It must be oversize, unformattable or refused.');
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

/**
 * `duologsync config.yml` is `duologsync run config.yml`. A first word that is neither a command nor a
 * file was meant to be a command: commander then says which one.
 */
function withDefaultCommand(argv: readonly string[], program: Command, io: Io): readonly string[] {
  const [first] = argv;
  if (first === undefined) {
    if (io.env['DUOLOGSYNC_CONFIG'] !== undefined || existsSync(configPath(undefined, io)))
      return ['run'];
    program.help({ error: true });
  }
  if (first === 'help') return helpOf(argv.slice(1), program);
  const known = program.commands.some((command) => command.name() === first);
  if (known || ['-h', '--help', '--version'].includes(first)) return argv;
  const looksLikeCommand = /^[a-z-]+$/.test(first) && !first.startsWith('-') && !existsSync(first);
  if (looksLikeCommand)
    program.error(unknownCommand(first, program), { exitCode: exitCodes.usage });
  return ['run', ...argv];
}

/** `help dead-letter list` is `dead-letter list --help`; commander itself heeds but one word. */
function helpOf(words: readonly string[], program: Command): readonly string[] {
  const named: string[] = [];
  let group = program;
  for (const word of words) {
    if (word.startsWith('-') || word === 'help') break;
    const inner = group.commands.find((command) => command.name() === word);
    if (inner === undefined) {
      const whole = ['duologsync', ...named].join(' ');
      const wrong = `${whole}: '${word}' is no command. ${hintFor(word, group)}`;
      program.error(wrong.trimEnd(), { exitCode: exitCodes.usage });
    }
    named.push(word);
    group = inner;
  }
  return [...named, '--help'];
}

function unknownCommand(word: string, program: Command): string {
  return `duologsync: '${word}' is neither a command nor a file. ${hintFor(word, program)}`;
}

/** Nothing where a command has none inside. */
function hintFor(word: string, { commands }: Command): string {
  const names = commands.map((command) => command.name());
  const near = didYouMean(word, names);
  if (near !== undefined) return `Did you mean '${near}'?`;
  return names.length === 0 ? '' : `Commands: ${names.join(', ')}.`;
}
