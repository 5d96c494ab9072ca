import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BackfillOptions } from './backfill/request.ts';
import type { ImportOptions } from './commands/import.ts';
import type { ReplayCommandOptions } from './commands/replay.ts';
import type { Io } from './io.ts';
import { withConfig } from './running-commands.ts';
import { timeForms } from './time-argument.ts';

/** What brings the past back: from archives, those of Duo Watcher and our own, and from Duo. */
export function addArchiveCommands(program: Command, io: Io, finish: (code: number) => void): void {
  program
    .command('import')
    .description('go on where another program stopped; only while this one does not run')
    .command('duo-watcher')
    .argument('<directory>', "the folder of Duo Watcher's archive, which holds auth/state")
    .description("let feeds go on where Duo Watcher's state files say; its files are only read")
    .option('-c <file>', 'config file of duologsync')
    .option('--config <file>', "Duo Watcher's argus_cf: with --credentials a config is made, at -c")
    .option('--credentials <file>', "Duo Watcher's duo.json")
    .option('--to <servers>', 'these servers, separated by commas; else every FILE server')
    .option('--dry-run', 'say where each would go on; write nothing')
    .option('--force', 'take the place of checkpoints that are there; they are kept')
    .action(async (directory: string, options: ImportOptions) => {
      const { importDuoWatcher } = await import('./commands/import.ts');
      finish(await importDuoWatcher(directory, options, io));
    });
  addBackfill(program, io, finish);
  withConfig(program.command('replay'))
    .description("send an archive in JSON to a server again, in that server's format")
    .requiredOption('--from <place>', 'a file of the archive, or a folder with all below it')
    .requiredOption('--to <server>', 'the server that gets it, by its id in the config')
    .option('--since <time>', `only events from then on: ${timeForms}`)
    .option('--until <time>', `only events before then: ${timeForms}`)
    .option('--endpoint <log>', 'only this log; says which it is where the path does not')
    .option('--dry-run', 'count what would be sent; send nothing')
    .option('--restart', 'begin anew where the same command was broken off before')
    .addOption(
      new Option('--give-up <seconds>', 'without any progress for so long')
        .argParser((text) => {
          if (!(Number(text) > 0)) throw new InvalidArgumentError('It must be a number above 0.');
          return Number(text);
        })
        .hideHelp(),
    )
    .action(async (config: string | undefined, options: ReplayCommandOptions) => {
      const { replayArchive } = await import('./commands/replay.ts');
      finish(await replayArchive({ ...options, config: config ?? options.config }, io));
    });
}

function addBackfill(program: Command, io: Io, finish: (code: number) => void): void {
  const list = (text: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    ...text.split(',').map((name) => name.trim()),
  ];
  withConfig(program.command('backfill'))
    .description(
      'read the past from Duo and send it again, beside the running program or without it',
    )
    .requiredOption('--since <time>', `from then on: ${timeForms}`)
    .option('--until <time>', `before then, now when left out: ${timeForms}`)
    .option('--endpoint <logs>', 'only these logs, separated by commas', list)
    .option('--account <ids>', 'only these accounts, by id or name', list)
    .option('--to <servers>', 'only to these servers', list)
    .option('--dry-run', 'count what would be sent; send nothing')
    .option('--restart', 'begin anew what was broken off, or is done')
    .option('--json', 'print the result as JSON, and nothing before')
    .action(
      async (
        config: string | undefined,
        { config: named, ...options }: BackfillOptions & { readonly config?: string },
      ) => {
        const { backfill } = await import('./commands/backfill.ts');
        finish(await backfill(config ?? named, options, io));
      },
    );
}
