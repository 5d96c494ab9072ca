import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLog, secretsOf } from '../../src/cli/open-log.ts';
import { twoServers } from '../helpers/config.ts';
import { fakeIo } from './fake-io.ts';

async function lines(looksOnly: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'open-log-'));
  const logFile = join(folder, 'program.log');
  const config = await twoServers();
  const io = fakeIo();
  const paths = { directory: folder, logFile, dlsDirectories: [] };
  const { log, close, lately } = openLog(config, paths, looksOnly, io);
  log.info('A word', { secret: config.account.skey.reveal() });
  log.warn('Something is wrong', { server: config.account.skey.reveal() });
  await close();
  const written = await readFile(logFile, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  const remembered = JSON.stringify(lately.entries);
  return { written, remembered, said: io.err(), logFile, secret: config.account.skey.reveal() };
}

describe("the program's log", () => {
  it('goes to its file, which is named where nobody sees a terminal', async () => {
    const { written, said, logFile } = await lines(false);
    expect(written).toMatch(/INFO A word secret=/);
    expect(said).toContain(`logs to ${logFile}`);
  });

  it('goes to stderr alone for a run that only looks', async () => {
    const { written, said } = await lines(true);
    expect(written).toBeUndefined();
    expect(said).toMatch(/INFO A word secret=/);
  });

  it('never holds a secret of the config', async () => {
    for (const looksOnly of [false, true]) {
      const { written = '', said, secret, remembered } = await lines(looksOnly);
      expect(written + said + remembered).not.toContain(secret);
      expect(remembered).toContain('Something is wrong');
    }
  });

  it('counts as secrets the key, the proxy’s password and the passphrases of keys', async () => {
    const config = await twoServers();
    expect(secretsOf(config)).toEqual([config.account.skey]);
  });
});
