import { exportDls } from '../../checkpoint/dls-export.ts';
import { openFileStore } from '../../checkpoint/file-store.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { silentLogger } from '../../core/log.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';

/** Writes DLS's checkpoint files from ours, to go back to it. */
export async function exportCheckpoints(
  directory: string,
  options: { readonly config?: string; readonly force?: boolean },
  io: Io,
): Promise<ExitCode> {
  const loaded = await loadForCommand(configPath(options.config, io), io, {
    secrets: false,
    warnings: false,
  });
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const store = openFileStore({
    directory: stateDirectory(paths.directory, config.account.hostname),
    configuredServerIds: config.servers.map(({ id }) => id),
    clock: io.clock,
    log: silentLogger,
  });
  try {
    const written = await exportDls(await store.list(), directory, {
      force: options.force ?? false,
    });
    for (const { file, positionMs } of written) {
      say(io.stdout, `wrote ${file}: ${new Date(positionMs).toISOString()}`);
    }
    if (written.length === 0) say(io.stdout, 'There are no checkpoints yet: nothing was written.');
    return exitCodes.ok;
  } catch (error) {
    return tell(error, io);
  }
}
