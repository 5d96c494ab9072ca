import type { Command } from 'commander';
import type { CheckpointOptions } from './commands/checkpoint-list.ts';
import type { SetOptions } from './commands/checkpoint-set.ts';
import type { Io } from './io.ts';
import { withConfig } from './running-commands.ts';
import { timeForms } from './time-argument.ts';

type Given<T> = T & { readonly config?: string };

export function addCheckpointCommands(
  program: Command,
  io: Io,
  finish: (code: number) => void,
): void {
  const checkpoint = program.command('checkpoint').description('look after checkpoints');
  withConfig(checkpoint.command('list'))
    .description('every feed with its position, how old it is, and its file')
    .option('--json', 'print them as JSON')
    .action(async (config: string | undefined, options: Given<CheckpointOptions>) => {
      const { listCheckpoints } = await import('./commands/checkpoint-list.ts');
      finish(await listCheckpoints(config ?? options.config, options, io));
    });
  withConfig(checkpoint.command('show').argument('<feed>', "as list names it: 'auth > siem'"))
    .description('one whole record, readable')
    .option('--json', 'print it as JSON')
    .action(async (feed: string, config: string | undefined, options: Given<CheckpointOptions>) => {
      const { showCheckpoint } = await import('./commands/checkpoint-list.ts');
      finish(await showCheckpoint(feed, config ?? options.config, options, io));
    });
  withConfig(
    checkpoint
      .command('set')
      .argument('<feed>', "as list names it: 'auth > siem'")
      .argument('<time>', timeForms),
  )
    .description('let a feed go on from another time; only while the program does not run')
    .option('--yes', 'do it; without it is only said what would be repeated or skipped')
    .action(
      async (
        feed: string,
        time: string,
        config: string | undefined,
        options: Given<SetOptions>,
      ) => {
        const { setCheckpoint } = await import('./commands/checkpoint-set.ts');
        finish(await setCheckpoint(feed, time, config ?? options.config, options, io));
      },
    );
  checkpoint
    .command('export-dls')
    .argument('<directory>', "where Duo Log Sync's checkpoint files are written")
    .description('write the checkpoints as Duo Log Sync reads them, to go back to it')
    .option('-c, --config <file>', 'config file')
    .option('--force', 'overwrite files that are there')
    .action(async (directory: string, options: { config?: string; force?: boolean }) => {
      const { exportCheckpoints } = await import('./commands/checkpoint.ts');
      finish(await exportCheckpoints(directory, options, io));
    });
}
