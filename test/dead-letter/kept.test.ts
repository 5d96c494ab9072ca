import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLetter } from '../../src/dead-letter/letter.ts';
import { readKept } from '../../src/dead-letter/kept.ts';

const whose = {
  account: { id: undefined, name: 'main', apiHost: 'duo.test' },
  endpoint: 'auth',
  serverId: 'siem',
  eventId: 'event',
  timeMs: 0,
  reason: 'oversize',
  detail: 'too long',
};

describe('a file of dead letters that is read at the start', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kept-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('counts whole lines across the pieces in which it is read, and tells the torn rest', async () => {
    const path = join(directory, 'letters');
    const letter = (feedId: string, line: string): string =>
      encodeLetter({ ...whose, feedId, line: Buffer.from(line) }, 0).toString();
    const long = letter('a', 'x'.repeat(200_000));
    const whole = `${long}${long}${letter('b', '')}not json\n{"feed":"a"}\n`;
    await writeFile(path, `${whole}{"feed":"b`);
    expect(await readKept(path)).toEqual({
      bytes: whole.length,
      tornBytes: 10,
      counts: new Map([
        ['a', 2],
        ['b', 1],
      ]),
    });
  });
});
