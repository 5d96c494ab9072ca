import { type Command, InvalidArgumentError } from 'commander';
import type { StatusOptions } from './commands/status.ts';
import type { Steer } from './commands/steer.ts';
import type { StopOptions } from './commands/stop.ts';
import type { TapOptions } from './commands/tap.ts';
import type { Io } from './io.ts';

interface Given {
  readonly config?: string;
  readonly endpoint?: string;
  readonly account?: string;
  readonly server?: string;
  readonly json?: boolean;
}

type Finish = (code: number) => void;

/** Commands that ask the running program, or tell it something. */
export function addRunningCommands(program: Command, io: Io, finish: Finish): void {
  addStatus(program, io, finish);
  addTap(program, io, finish);
  const steered: Readonly<Record<Exclude<Steer, 'interval' | 'maxcount'>, string>> = {
    pause: 'let feeds rest: nothing is read until resume or a restart; status says degraded',
    resume: 'let paused feeds go on',
    poll: 'ask Duo now instead of at the next interval',
  };
  for (const what of ['pause', 'resume', 'poll'] as const) {
    withSelection(withConfig(program.command(what)))
      .description(steered[what])
      .action(async (config: string | undefined, { config: named, ...options }: Given) => {
        const { steer } = await import('./commands/steer.ts');
        finish(await steer(what, config ?? named, options, io));
      });
  }
  addNumber(program, 'interval', '<seconds>', 'pause between polls; auto: as the config says', {
    io,
    finish,
    most: 86_400,
  });
  addNumber(
    program,
    'maxcount',
    '<rows>',
    'most rows to ask for at once; auto: as many as Duo gives',
    {
      io,
      finish,
      most: 1_000,
    },
  );
  withConfig(program.command('reload'))
    .description('read the config anew; when it is wrong the old one stays, exit 78')
    .option('--json', 'print what changed as JSON')
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { reload } = await import('./commands/reload.ts');
      finish(await reload(config ?? named, options, io));
    });
  withConfig(program.command('reopen-logs'))
    .description('open the log file anew, after it was moved away')
    .action(async (config: string | undefined, { config: named, ...options }: Given) => {
      const { reopenLogs } = await import('./commands/reload.ts');
      finish(await reopenLogs(config ?? named, options, io));
    });
  withConfig(program.command('stop'))
    .description('end the running program in good order')
    .option('--wait', 'until it has ended; exit 75 when it does not')
    .option('--within <seconds>', 'for --wait: so long, 60 when left out', whole(86_400))
    .action(
      async (config: string | undefined, { config: named, ...options }: Given & StopOptions) => {
        const { stop } = await import('./commands/stop.ts');
        finish(await stop(config ?? named, options, io));
      },
    );
}

function addStatus(program: Command, io: Io, finish: Finish): void {
  withConfig(program.command('status'))
    .description('how the running program is: exit 0 healthy, 1 degraded, 69 not running')
    .option('--problems', 'show the problems alone')
    .option('--all', 'show every feed, however many there are')
    .option('--json', 'print all there is as JSON')
    .option('--watch', 'show it again and again, until Ctrl-C')
    .option('--every <seconds>', 'for --watch: so often, 2 when left out', whole(3_600))
    .action(
      async (config: string | undefined, { config: named, ...options }: Given & StatusOptions) => {
        const { status } = await import('./commands/status.ts');
        finish(await status(config ?? named, options, io));
      },
    );
}

function addTap(program: Command, io: Io, finish: Finish): void {
  withConfig(program.command('tap'))
    .description('show lines as servers confirm them, a sample, until Ctrl-C; they hold events')
    .option('--endpoint <name>', 'lines of this log alone')
    .option('--account <id>', 'lines of this account alone, by id or name')
    .option('--server <id>', 'lines to this server alone')
    .option('-n, --lines <count>', 'end after so many', whole(1_000_000))
    .option('--limit <lines>', 'so many a second at most, 100 when left out', whole(1_000))
    .option('--json', 'print each as JSON, with its feed, account, server and event id')
    .action(
      async (config: string | undefined, { config: named, ...options }: Given & TapOptions) => {
        const { tap } = await import('./commands/tap.ts');
        finish(await tap(config ?? named, options, io));
      },
    );
}

function addNumber(
  program: Command,
  what: 'interval' | 'maxcount',
  argument: string,
  description: string,
  { io, finish, most }: { readonly io: Io; readonly finish: Finish; readonly most: number },
): void {
  const command = program
    .command(what)
    .argument(argument, `a whole number up to ${most}, or auto`, (text) =>
      text === 'auto' ? text : whole(most)(text),
    );
  withSelection(withConfig(command))
    .description(description)
    .action(
      async (
        value: number | 'auto',
        config: string | undefined,
        { config: named, ...options }: Given,
      ) => {
        const { steer } = await import('./commands/steer.ts');
        finish(await steer(what, config ?? named, { ...options, value }, io));
      },
    );
}

/** `-c` too, as the commands have it whose arguments are something else. */
export function withConfig(command: Command): Command {
  return command
    .argument('[config]', 'config file')
    .option('-c, --config <file>', 'config file, the same');
}

function withSelection(command: Command): Command {
  return command
    .option('--endpoint <name>', 'feeds of this log alone')
    .option('--account <id>', 'feeds of this account alone, by id or name')
    .option('--server <id>', 'feeds to this server alone')
    .option('--json', 'print the answer as JSON');
}

function whole(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return value;
  };
}
