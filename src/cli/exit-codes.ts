/** What the program's exit codes mean; an unknown one is a failure. */
export const exitCodes = {
  /** Done, or stopped as asked. */
  ok: 0,
  /** Something that nobody expected, the log has the details; or a command that found something to do. */
  failure: 1,
  /** Wrong usage. */
  usage: 2,
  /** The config file, or another file that was named, is missing or cannot be read. */
  noInput: 66,
  /** `check`: a target cannot be reached; a command for the running program: it does not run, or does not answer. */
  unavailable: 69,
  /** A mistake in this program; its log or stderr has the stack. */
  bug: 70,
  /** A folder or file of ours cannot be made. */
  cannotCreate: 73,
  /** `--once`: something is left, try again; or another process holds the state directory. */
  tryAgain: 75,
  /** Duo refused the key or the permission. */
  refused: 77,
  /** The config file is wrong. */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For errors that end the program at its start. */
export function exitCodeOf(errorCode: string): ExitCode {
  switch (errorCode) {
    case 'bad_argument':
    case 'backfill_nothing':
    case 'no_such_feed':
      return exitCodes.usage;
    case 'not_running':
    case 'control_denied':
    case 'control_silent':
    case 'control_version':
    case 'control_lost':
    case 'bad_answer':
      return exitCodes.unavailable;
    case 'config_unreadable':
    case 'dls_file_unreadable':
    case 'watcher_unreadable':
    case 'replay_unreadable_archive':
    case 'replay_not_json':
      return exitCodes.noInput;
    case 'query_port_taken':
    case 'status_port_taken':
    case 'already_running':
    case 'command_running':
    case 'busy':
    case 'not_ready':
      return exitCodes.tryAgain;
    case 'state_directory_unusable':
    case 'dead_letter_unusable':
    case 'gaps_unusable':
    case 'acknowledged_unreadable':
    case 'acknowledged_unwritable':
    case 'resent_unreadable':
    case 'resent_unwritable':
    case 'lock_unusable':
    case 'log_unusable':
    case 'export_exists':
    case 'import_exists':
    case 'import_unwritable':
    case 'replay_progress_unreadable':
    case 'replay_progress_unwritable':
    case 'backfill_unreadable':
    case 'backfill_unwritable':
    case 'export_failed':
      return exitCodes.cannotCreate;
    case 'ca_unreadable':
    case 'query_port_unusable':
    case 'status_port_unusable':
    case 'config_invalid':
      return exitCodes.config;
    default:
      return exitCodes.failure;
  }
}
