import { ForwarderError, messageOf, systemCode } from '../../core/errors.ts';

interface Meaning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const full: Meaning = {
  code: 'archive_full',
  message: 'there is no room left on the disk',
  hint: 'Free space there, or set retention_days for this server. Nothing is lost: it goes on by itself.',
};
const denied: Meaning = {
  code: 'archive_denied',
  message: 'duologsync has no right to write there',
  hint: 'Give the user that runs duologsync the right to read and write there. Under systemd the unit must name the folder, too (ReadWritePaths=): run duologsync service install again.',
};
const readOnly: Meaning = {
  code: 'archive_read_only',
  message: 'the disk can only be read',
  hint: 'Look at the log of the system: a disk with errors becomes read-only. Under systemd the unit must name the folder (ReadWritePaths=): run duologsync service install again.',
};
const blocked: Meaning = {
  code: 'archive_blocked',
  message: 'something else is in its place',
  hint: 'Move away what has the name of the folder or file, or correct directory and path of this server in the config file.',
};
const tooMany: Meaning = {
  code: 'archive_too_many_open',
  message: 'too many files are open',
  hint: 'Raise the limit of open files of the service (LimitNOFILE= in the systemd unit).',
};

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EACCES: denied,
  EPERM: denied,
  EROFS: readOnly,
  ENOTDIR: blocked,
  EEXIST: blocked,
  EISDIR: blocked,
  ELOOP: blocked,
  EMFILE: tooMany,
  ENFILE: tooMany,
};

/** What the system says of a file of the archive, in words; what is in words already passes unchanged. */
export function archiveError(error: unknown, path: string): ForwarderError {
  if (error instanceof ForwarderError) return error;
  const meaning = meanings[systemCode(error) ?? ''] ?? {
    code: 'archive_failed',
    message: 'it can not be written',
    hint: 'Look at the log of the system and at the disk. It is tried again.',
  };
  return inWords(meaning, path, error);
}

/** A link or a folder has the name of a file of the archive. */
export function notAFile(path: string): ForwarderError {
  return inWords({ ...blocked, message: 'it is no ordinary file' }, path);
}

/** Somebody else writes into the same file. */
export function changedMeanwhile(path: string): ForwarderError {
  return inWords(
    {
      code: 'archive_changed',
      message: 'another program has changed it just now',
      hint: 'Let no other program write into the archive, and no second duologsync.',
    },
    path,
  );
}

/** The disk with the archive is away, or the archive was deleted. */
export function archiveMissing(directory: string, journals: string): ForwarderError {
  return inWords(
    {
      code: 'archive_missing',
      message: 'the archive that the checkpoint knows is not there',
      hint: `Mount the disk; it goes on by itself then. If the archive was deleted or moved on purpose, make the folder ${journals}, and a new one begins there.`,
    },
    directory,
  );
}

/** What was written there is not what the checkpoint tells of; to cut anything would be a guess. */
export function foreignArchive(journal: string, why: string): ForwarderError {
  return inWords(
    {
      code: 'archive_foreign',
      message: why,
      hint: `Let each duologsync have a directory of its own. If its state was deleted or put back from a backup on purpose, remove this file: it goes on then behind what is archived, and may write events a second time.`,
    },
    journal,
    undefined,
    'park',
  );
}

export function damagedJournal(journal: string, why: string): ForwarderError {
  return inWords(
    {
      code: 'archive_journal_damaged',
      message: `it can not be used: ${why}`,
      hint: 'Put a copy from a backup there, or remove the file: the last page may then be in the archive twice.',
    },
    journal,
    undefined,
    'park',
  );
}

function inWords(
  { code, message, hint }: Meaning,
  path: string,
  cause?: unknown,
  remedy: 'retry' | 'park' = 'retry',
): ForwarderError {
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return new ForwarderError(code, `${path}: ${message}${why}`, {
    remedy,
    scope: 'server',
    hint,
    cause,
  });
}
