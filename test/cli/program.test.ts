import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { packageVersion } from '../../src/core/version.ts';
import { fakeIo } from './fake-io.ts';

let folder: string;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-cli-'));
  config = join(folder, 'config.yml');
  await writeFile(config, "version: '1.0.0'\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function duologsync(...argv: string[]) {
  const io = fakeIo();
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}

describe('the command line', () => {
  it('prints the version', async () => {
    expect(await duologsync('--version')).toEqual({
      code: 0,
      out: `${packageVersion()}\n`,
      err: '',
    });
  });

  it('prints its help with every command and examples', async () => {
    const { code, out } = await duologsync('--help');
    expect(code).toBe(0);
    for (const word of [
      'run',
      'status',
      'validate',
      'check',
      'demo',
      'checkpoint',
      'duologsync config.yml',
    ])
      expect(out).toContain(word);
  });

  it('hides what is for tests alone', async () => {
    const { code, out } = await duologsync('run', '--help');
    expect(code).toBe(0);
    expect(out).toContain('--once');
    expect(out).not.toContain('--give-up');
  });

  it.each([
    ['run'],
    ['validate'],
    ['check'],
    ['gaps'],
    ['dead-letter', 'list'],
    ['dead-letter', 'resend'],
    ['status'],
    ['checkpoint', 'list'],
    ['backfill', '--since', '1d'],
    ['replay', '--from', 'archive', '--to', 'siem'],
    ['service', 'print'],
  ])('takes the config of %s %s as a word and with -c', async (...words) => {
    const missing = join(folder, 'missing.yml');
    const bare = await duologsync(...words, missing);
    expect(bare.err).toContain(missing);
    for (const name of ['-c', '--config']) {
      expect(await duologsync(...words, name, missing)).toEqual(bare);
    }
  });

  it('takes -c alone for a config to run', async () => {
    expect(await duologsync('-c', config)).toEqual(await duologsync(config));
  });

  it('takes a file as first word for a config to run', async () => {
    const { code, err } = await duologsync(config);
    expect(code).toBe(78);
    expect(err).toContain(config);
  });

  it('takes an option as first word for one of run', async () => {
    expect((await duologsync('--once', config)).code).toBe(78);
  });

  it('knows what a misspelt command was meant to be', async () => {
    const { code, err } = await duologsync('valdate', config);
    expect(code).toBe(2);
    expect(err).toContain("'valdate' is neither a command nor a file");
    expect(err).toContain("Did you mean 'validate'?");
  });

  it('names the commands when nothing is near', async () => {
    const { code, err } = await duologsync('frobnicate');
    expect(code).toBe(2);
    expect(err).toContain('Commands: run, validate, check, demo, ');
  });

  it.each(['validate', 'dead-letter', 'dead-letter list', 'import duo-watcher'])(
    'has the help of %s behind the word help, too',
    async (words) => {
      const help = await duologsync('help', ...words.split(' '));
      expect(help).toEqual(await duologsync(...words.split(' '), '--help'));
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toContain(`Usage: duologsync ${words} `);
    },
  );

  it('has its whole help behind the word help alone', async () => {
    const whole = await duologsync('--help');
    expect(await duologsync('help')).toEqual(whole);
    expect(await duologsync('help', 'help')).toEqual(whole);
    expect(await duologsync('help', '--help')).toEqual(whole);
  });

  it.each([
    ['nope', "duologsync: 'nope' is no command. Commands: run, "],
    ['valdate', "duologsync: 'valdate' is no command. Did you mean 'validate'?"],
    ['dead-letter nope', "duologsync dead-letter: 'nope' is no command. Commands: list, resend."],
    ['check nope', "duologsync check: 'nope' is no command.\n"],
  ])('has no help for %s, and says so', async (words, told) => {
    const { code, out, err } = await duologsync('help', ...words.split(' '));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(told);
  });

  it.each([
    ['backfill', 2],
    ['replay', 2],
    ['checkpoint set', 1],
  ])('says in the help of %s which times are taken, and that they are of UTC', async (words, n) => {
    const help = (await duologsync(...words.split(' '), '--help')).out.replaceAll(/\s+/g, ' ');
    expect(help.match(/Z \(UTC\), or so long ago: 30d, 12h, 90m/g)).toHaveLength(n);
  });

  it('knows what a misspelt option was meant to be', async () => {
    const { code, err } = await duologsync('run', '--onse', config);
    expect(code).toBe(2);
    expect(err).toContain("unknown option '--onse'");
    expect(err).toContain('--once');
  });

  it('refuses a number that makes no sense', async () => {
    const { code, err } = await duologsync('run', '--interval', 'soon', config);
    expect(code).toBe(2);
    expect(err).toContain('It must be a number above 0.');
  });

  it('refuses a second config file', async () => {
    expect((await duologsync('validate', config, config)).code).toBe(2);
  });

  it('exits with 66 and a hint when the config file is not there', async () => {
    const { code, err } = await duologsync(join(folder, 'missing.yml'));
    expect(code).toBe(66);
    expect(err).toContain('missing.yml');
    expect(err.trim().split('\n')).toHaveLength(2);
  });

  it('prints its help as an error when there is nothing to do', async () => {
    const io = fakeIo({ platform: 'linux', home: folder, uid: 1000 });
    expect(await main([], io)).toBe(2);
    expect(io.err()).toContain('Usage: duologsync');
  });

  it('without a word runs the config that the environment names', async () => {
    const io = fakeIo({ env: { DUOLOGSYNC_CONFIG: config } });
    expect(await main([], io)).toBe(78);
    expect(io.err()).toContain(config);
  });

  it('tells a failure that nobody expected with its stack and exits with 70', async () => {
    const stdout = Object.assign(fakeIo().stdout, {
      write: () => {
        throw new Error('the terminal is on fire');
      },
    });
    const io = fakeIo({ stdout });
    expect(await main(['--version'], io)).toBe(70);
    expect(io.err()).toContain('unexpected failure: the terminal is on fire');
  });
});
