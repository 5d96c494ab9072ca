import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeOf } from '../../src/cli/state-place.ts';
import { stateDirectory } from '../../src/checkpoint/state-directory.ts';
import { fakeIo } from './fake-io.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-place-'));
  file = join(folder, 'config.yml');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const good = `version: '1.0.0'
dls_settings:
  checkpointing:
    # where it was put
    directory: '/srv/state'
servers:
  - id: siem
    hostname: siem.example.org
    port: 514
    protocol: TCP
account:
  ikey: DIXXXXXXXXXXXXXXXXXX
  skey_command: ['/bin/false']
  hostname: "https://API-1a2b3c4d.duosecurity.com/"  # ours
  endpoint_server_mappings:
    - endpoints: [auth]
      server: siem
`;
const expected = stateDirectory('/srv/state', 'api-1a2b3c4d.duosecurity.com');

async function found(text: string, env: Record<string, string> = {}) {
  await writeFile(file, text);
  const io = fakeIo({ env, platform: 'linux', uid: 0 });
  return { place: await placeOf(file, io), err: io.err() };
}

describe('the state directory of a running program', () => {
  it('is found by the config file alone, without fetching a secret or telling of anything', async () => {
    expect(await found(good)).toEqual({
      place: { configFile: file, stateDirectory: expected },
      err: '',
    });
  });

  it('is found although the file has become wrong, or is no YAML any more', async () => {
    const broken = [
      good.replace('port: 514', 'port: many'),
      `${good}\nwhat: is: this`,
      good.replace("'1.0.0'", "'1.0.0"),
      good.replace('servers:\n', 'servers: [\n'),
    ];
    for (const text of broken) {
      expect([text, await found(text)]).toEqual([
        text,
        { place: { configFile: file, stateDirectory: expected }, err: '' },
      ]);
    }
  });

  it('is the machine’s place where the file names none', async () => {
    const text = good.replace("    directory: '/srv/state'\n", '');
    const where = (folder: string) => stateDirectory(folder, 'api-1a2b3c4d.duosecurity.com');
    expect((await found(text)).place).toMatchObject({
      stateDirectory: where('/var/lib/duologsync'),
    });
    expect((await found(text, { STATE_DIRECTORY: '/x' })).place).toMatchObject({
      stateDirectory: where('/x'),
    });
  });

  it('is not guessed: a file that names no Duo host is told to be wrong', async () => {
    const { place, err } = await found(good.replace(/  hostname: "https.*\n/, ''));
    expect(place).toEqual({ exit: 78 });
    expect(err).toContain('hostname');
    const io = fakeIo();
    expect(await placeOf(join(folder, 'missing.yml'), io)).toEqual({ exit: 66 });
    expect(io.err()).toContain('there is no such file');
  });
});
