import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Reloader } from '../../src/cli/reloader.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { FeedChanges } from '../../src/core/requests.ts';
import { recordingLog } from '../engine/parts.ts';
import { fakeIo } from './fake-io.ts';

const nothing: FeedChanges = { started: [], restarted: [], stopped: [], unchanged: 1 };

/** A program that runs with a config file, and takes over what it is given. */
async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'reloader-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.yml');
  const text = [
    'version: "1.0.0"',
    'dls_settings:',
    `  log_filepath: '${join(folder, 'a.log')}'`,
    '  checkpointing:',
    `    directory: '${folder}'`,
    'servers:',
    '  - {id: siem, hostname: localhost, port: 1, protocol: TCP}',
    'account:',
    '  ikey: DIXXXXXXXXXXXXXXXXXX',
    '  skey: abcdefghijklmnopqrstuvwxyz0123456789ABCD',
    '  hostname: api-12345678.duosecurity.com',
    '  endpoint_server_mappings:',
    '    - {endpoints: [auth], server: siem}',
    '',
  ].join('\n');
  await writeFile(path, text, { mode: 0o600 });
  const host = { env: {}, platform: process.platform };
  const { config, paths } = await loadConfig(path, host);
  if (config === undefined || paths === undefined) throw new Error('the config is wrong');
  const { log, said } = recordingLog();
  const taken: Config[] = [];
  const hidden: string[] = [];
  const app = {
    config,
    reload: async (next: Config): Promise<FeedChanges> => {
      taken.push(next);
      return nothing;
    },
  };
  const hide = (one: Config): void => void hidden.push(one.account.skey.reveal());
  const reloader = new Reloader({ path, paths, app, log, hide, io: fakeIo({ env: {} }) });
  const edit = async (from: string, to: string): Promise<void> => {
    const before = await readFile(path, 'utf8');
    expect(before).toContain(from);
    await writeFile(path, before.replace(from, to));
  };
  return { reloader, app, taken, hidden, said, edit, path };
}

describe('a config that is read anew', () => {
  it('is taken over, its secrets hidden first', async () => {
    const { reloader, taken, hidden, said, edit } = await place();
    await edit('skey: abc', 'skey: xyz');
    await edit('port: 1', 'port: 2');
    expect(await reloader.reload()).toEqual({ ...nothing, needsRestart: [] });
    expect(taken[0]?.servers[0]?.port).toBe(2);
    expect(hidden).toEqual(['xyzdefghijklmnopqrstuvwxyz0123456789ABCD']);
    expect(said.at(-1)).toMatchObject({ level: 'info', fields: { unchanged: 1 } });
    expect(reloader.trouble).toBeUndefined();
  });

  it('changes nothing when it is wrong, is told with its first mistake, and is shown until it is right', async () => {
    const { reloader, taken, said, edit, path } = await place();
    await edit('protocol: TCP', 'protocol: TPC');
    await expect(reloader.reload()).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/config\.yml is wrong \(1 errors?, first 7:\d+ /) as string,
      hint: `See them all: duologsync validate ${path}`,
    });
    expect(taken).toEqual([]);
    expect(said.map(({ level }) => level)).toEqual(['error']);
    expect(reloader.trouble).toMatchObject({ code: 'config_invalid', side: 'config', what: path });
    await edit('protocol: TPC', 'protocol: TCP');
    await reloader.reload();
    expect(reloader.trouble).toBeUndefined();
  });

  it('changes nothing when it is gone', async () => {
    const { reloader, taken, path } = await place();
    await rm(path);
    await expect(reloader.reload()).rejects.toMatchObject({ code: 'config_unreadable' });
    expect(taken).toEqual([]);
  });

  it('is refused when its state would lie elsewhere', async () => {
    const { reloader, taken, edit } = await place();
    await edit('api-12345678', 'api-87654321');
    await expect(reloader.reload()).rejects.toMatchObject({
      code: 'reload_needs_restart',
      hint: 'Restart duologsync to use it.',
    });
    expect(taken).toEqual([]);
  });

  it('is taken over with a word on what holds only after a restart', async () => {
    const { reloader, taken, said, edit } = await place();
    await edit('a.log', 'b.log');
    const { needsRestart } = await reloader.reload();
    expect(needsRestart).toEqual(['dls_settings.log_filepath']);
    expect(taken).toHaveLength(1);
    expect(said[0]).toMatchObject({
      level: 'warn',
      fields: { settings: 'dls_settings.log_filepath', hint: 'Restart duologsync to use them.' },
    });
    await edit('dls_settings:\n', "dls_settings:\n  query_port: 2681\n  query_address: '::1'\n");
    await reloader.reload();
    expect(said.findLast(({ level }) => level === 'warn')?.fields['settings']).toBe(
      'dls_settings.log_filepath, dls_settings.query_port, dls_settings.query_address',
    );
  });

  it('waits for the one before it', async () => {
    const { reloader, app } = await place();
    const order: string[] = [];
    let first = true;
    app.reload = async () => {
      const name = first ? 'first' : 'second';
      first = false;
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      return nothing;
    };
    await Promise.all([reloader.reload(), reloader.reload()]);
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });
});
