import type { App } from '../app.ts';
import { stateDirectory } from '../checkpoint/state-directory.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigPaths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { asForwarderError, ForwarderError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ReloadReport } from '../core/requests.ts';
import type { OtherPart } from '../status/parts.ts';
import { hostOf } from './config-file.ts';
import type { Io } from './io.ts';

export interface ReloaderOptions {
  /** The config file. */
  readonly path: string;
  readonly paths: ConfigPaths;
  readonly app: Pick<App, 'config' | 'reload'>;
  readonly log: Logger;
  /** Keeps what is secret in a config out of the log, before anything is done with it. */
  readonly hide: (config: Config) => void;
  readonly io: Io;
}

/** Reads the config file anew while the program runs. A wrong one changes nothing, and is shown until it is right. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #trouble: OtherPart | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  get trouble(): OtherPart | undefined {
    return this.#trouble;
  }

  /** One after the other. Rejects with `config_invalid`, `config_unreadable`, `reload_needs_restart`, `ca_unreadable`. */
  reload(): Promise<ReloadReport> {
    const reloaded = this.#turn.then(() => this.#reload());
    this.#turn = reloaded.catch(() => undefined);
    return reloaded;
  }

  async #reload(): Promise<ReloadReport> {
    const { app, log, path } = this.#options;
    try {
      const { config, needsRestart } = await this.#read();
      const report = await app.reload(config);
      this.#trouble = undefined;
      const { started, restarted, stopped, unchanged } = report;
      const counts = { started: started.length, restarted: restarted.length };
      log.info('The config was read anew', { ...counts, stopped: stopped.length, unchanged });
      return { ...report, needsRestart };
    } catch (caught) {
      const { code, message, hint } = asForwarderError(caught);
      this.#trouble = {
        ...{ code, message, hint },
        what: path,
        sinceMs: this.#options.io.clock.nowMs(),
        side: 'config',
      };
      log.error('The config cannot be taken over; the old one goes on', { code, message, hint });
      throw caught;
    }
  }

  async #read(): Promise<{ readonly config: Config; readonly needsRestart: readonly string[] }> {
    const { path, paths, app, log, hide, io } = this.#options;
    const loaded = await loadConfig(path, hostOf(io));
    const { config } = loaded;
    if (config === undefined || loaded.paths === undefined) {
      const errors = loaded.problems.filter(({ severity }) => severity === 'error');
      const [first] = errors;
      const where =
        first === undefined ? '' : `, first ${first.line}:${first.column} ${first.message}`;
      throw new ForwarderError(
        'config_invalid',
        `${path} is wrong (${errors.length} errors${where})`,
        {
          hint: `See them all: duologsync validate ${path}`,
        },
      );
    }
    hide(config);
    const place = stateDirectory(loaded.paths.directory, config.account.hostname);
    if (place !== stateDirectory(paths.directory, app.config.account.hostname)) {
      throw new ForwarderError(
        'reload_needs_restart',
        'another dls_settings.checkpointing.directory or account.hostname needs a restart',
        { hint: 'Restart duologsync to use it.' },
      );
    }
    const needsRestart = restartedOnly(app.config, config, paths, loaded.paths);
    if (needsRestart.length > 0) {
      const hint = 'Restart duologsync to use them.';
      log.warn('Some settings hold only after a restart', {
        settings: needsRestart.join(', '),
        hint,
      });
    }
    return { config, needsRestart };
  }
}

/** Settings of what is opened once, at the start. */
function restartedOnly(
  { dls_settings: before }: Config,
  { dls_settings: now }: Config,
  paths: ConfigPaths,
  nowPaths: ConfigPaths,
): string[] {
  const differs = {
    log_filepath: paths.logFile !== nowPaths.logFile,
    'checkpointing.enabled': before.checkpointing.enabled !== now.checkpointing.enabled,
    dead_letter_full: before.dead_letter_full !== now.dead_letter_full,
    query_port: before.query_port !== now.query_port,
    query_address: before.query_address !== now.query_address,
    status_port: before.status_port !== now.status_port,
    status_address: before.status_address !== now.status_address,
    status_hosts: before.status_hosts.join() !== now.status_hosts.join(),
    status_token: before.status_token?.reveal() !== now.status_token?.reveal(),
    status_account_label: before.status_account_label !== now.status_account_label,
    dead_letter_max_mb: before.dead_letter_max_mb !== now.dead_letter_max_mb,
  };
  return Object.entries(differs).flatMap(([name, isOther]) =>
    isOther ? [`dls_settings.${name}`] : [],
  );
}
