import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { startDuo } from '../src/simulator/duo-server.ts';
import { openStorage } from '../src/storage.ts';
import { begin } from '../src/engine/window.ts';
import { bench, never } from './engine/parts.ts';
import { makeWorkplace } from './helpers/program.ts';

let folder: string;
let config: NonNullable<Awaited<ReturnType<typeof loadConfig>>['config']>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-storage-'));
  const duo = await startDuo();
  const server = { id: 'siem', protocol: 'TCP', port: 1, endpoints: ['auth'] } as const;
  const workplace = await makeWorkplace(duo, [server]);
  const loaded = await loadConfig(workplace.configFile, { env: {}, platform: process.platform });
  await Promise.all([duo.close(), workplace.remove()]);
  if (loaded.config === undefined) throw new Error('the config is wrong');
  config = loaded.config;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const letter = {
  feedId: 'auth > siem',
  account: { id: undefined, name: 'main', apiHost: 'duo.test' },
  endpoint: 'auth',
  serverId: 'siem',
  eventId: 't0',
  timeMs: 0,
  reason: 'unformattable',
  detail: 'no line',
  row: Buffer.from('{}'),
};

describe('what outlives a run', () => {
  it('lies in the state directory and is there again after a restart', async () => {
    const { clock, log, feed } = bench();
    const open = () => openStorage({ config, stateDirectory: folder, clock, log });
    const first = await open();
    const checkpoint = { cursor: begin(5000) };
    await first.checkpoints.save(feed('siem').identity, checkpoint);
    await first.deadLetters.add(letter, never);
    first.learned.set('rate', 7);
    await first.close();
    expect((await readdir(folder)).sort()).toEqual(['dead-letters.jsonl', 'feeds', 'learned.json']);
    const second = await open();
    expect(await second.checkpoints.load(feed('siem').identity)).toEqual(checkpoint);
    expect(second.learned.get('rate')).toBe(7);
    await second.close();
  });

  it('says at each start how many gaps nobody has acknowledged, and what to type', async () => {
    const { clock, log, said, feed } = bench();
    const configFile = '/etc/duologsync/config.yml';
    const open = () => openStorage({ config, configFile, stateDirectory: folder, clock, log });
    const first = await open();
    const { id: feedId, account } = feed('siem');
    const whose = { feedId, account, endpoint: 'auth', serverId: 'siem' };
    await first.gaps.add([{ ...whose, kind: 'reach', fromMs: 0, toMs: 1, reason: 'too old' }]);
    await first.close();
    expect(said).toMatchObject([{ level: 'error' }]);
    for (let starts = 1; starts <= 2; starts += 1) {
      await (await open()).close();
      expect(said).toHaveLength(1 + starts);
      expect(said.at(-1)).toEqual({
        level: 'warn',
        sentence: 'There are gaps that nobody has acknowledged',
        fields: {
          gaps: 1,
          hint: 'See them and what to do: duologsync gaps -c /etc/duologsync/config.yml',
        },
      });
    }
  });

  it('is nothing without a state directory, and no event vanishes silently', async () => {
    const { clock, log, said, feed } = bench();
    const storage = await openStorage({ config, stateDirectory: undefined, clock, log });
    const checkpoint = { cursor: begin(5000) };
    await storage.checkpoints.save(feed('siem').identity, checkpoint);
    expect(await storage.checkpoints.load(feed('siem').identity)).toEqual(checkpoint);
    storage.learned.set('rate', 7);
    expect(storage.learned.get('rate')).toBe(7);
    await storage.deadLetters.add(letter, never);
    await storage.close();
    expect(said).toMatchObject([{ level: 'warn', fields: { event: 't0', detail: 'no line' } }]);
    expect(storage.files).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
});
