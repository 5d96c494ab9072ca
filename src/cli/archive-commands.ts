import type { Command } from 'commander';
import type { ImportOptions } from './commands/import.ts';
import type { Io } from './io.ts';

/** What concerns archives: those of Duo Watcher, and our own. */
export function addArchiveCommands(program: Command, io: Io, finish: (code: number) => void): void {
  program
    .command('import')
    .description('go on where another program stopped; only while this one does not run')
    .command('duo-watcher')
    .argument('<directory>', "the folder of Duo Watcher's archive, which holds auth/state")
    .description("let feeds go on where Duo Watcher's state files say; its files are only read")
    .option('-c <file>', 'config file of duologsync')
    .option('--to <servers>', 'these servers, separated by commas; else every FILE server')
    .option('--dry-run', 'say where each would go on; write nothing')
    .option('--force', 'take the place of checkpoints that are there; they are kept')
    .action(async (directory: string, options: ImportOptions) => {
      const { importDuoWatcher } = await import('./commands/import.ts');
      finish(await importDuoWatcher(directory, options, io));
    });
}
