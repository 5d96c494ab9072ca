import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../../src/core/errors.ts';
import {
  archiveError,
  archiveMissing,
  changedMeanwhile,
  damagedJournal,
  foreignArchive,
  notAFile,
} from '../../../src/sinks/file/archive-errors.ts';
import { systemError } from '../../core/broken-file-system.ts';

describe('an error of the archive', () => {
  it.each([
    ['ENOSPC', 'archive_full'],
    ['EDQUOT', 'archive_full'],
    ['EACCES', 'archive_denied'],
    ['EPERM', 'archive_denied'],
    ['EROFS', 'archive_read_only'],
    ['ENOTDIR', 'archive_blocked'],
    ['ELOOP', 'archive_blocked'],
    ['EMFILE', 'archive_too_many_open'],
    ['EIO', 'archive_failed'],
  ])('%s is told as %s, with the place, and is waited for', (code, told) => {
    const error = archiveError(systemError(code, 'write'), '/data/duo');
    expect(error).toMatchObject({ code: told, remedy: 'retry', scope: 'server' });
    expect(error.message).toMatch(/^\/data\/duo: .*\(.*write\)$/);
    expect(error.hint).toMatch(/^[A-Z].*\.$/);
  });

  it('passes unchanged when it is in words already', () => {
    const known = new ForwarderError('x', 'y');
    expect(archiveError(known, '/data')).toBe(known);
  });

  it('that only a person can settle is not tried again and again', () => {
    for (const error of [foreignArchive('/j', 'why'), damagedJournal('/j', 'why')])
      expect(error.remedy).toBe('park');
    for (const error of [archiveMissing('/d', '/d/j'), notAFile('/f'), changedMeanwhile('/f')])
      expect(error.remedy).toBe('retry');
  });
});
