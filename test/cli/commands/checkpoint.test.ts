import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { exportCheckpoints } from '../../../src/cli/commands/checkpoint.ts';
import { run } from '../../../src/cli/commands/run.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { startTcpReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function place() {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const siem = await startTcpReceiver();
  const { port } = siem;
  const server = { id: 'siem', protocol: 'TCP', port, endpoints: ['auth'] } as const;
  const workplace = await makeWorkplace(duo, [server]);
  closers.push(
    () => duo.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  duo.add('auth', makeEvents('auth', { count: 5, fromMs: Date.now() - 3_600_000 }));
  return { duo, workplace, folder: join(workplace.folder, 'dls') };
}

async function exported(folder: string, config: string, force = false) {
  const io = fakeIo();
  const code = await exportCheckpoints(folder, { config, force }, io);
  return { code, out: io.out(), err: io.err() };
}

describe('checkpoint export-dls', () => {
  it('writes what Duo Log Sync reads, to go back to it', async () => {
    const { duo, workplace, folder } = await place();
    await run(workplace.configFile, { once: true, interval: 1, rate: 6000 }, fakeIo());
    const { code, out } = await exported(folder, workplace.configFile);
    const last = duo.ledger('auth').at(-1);
    expect(code).toBe(0);
    const [file = ''] = await readdir(folder);
    expect(out).toContain(
      `wrote ${join(folder, file)}: ${new Date(last?.timeMs ?? 0).toISOString()}`,
    );
    const text = await readFile(join(folder, file), 'utf8');
    expect(JSON.parse(text)).toEqual([String(last?.timeMs), last?.id]);
  });

  it('says so when there is nothing yet', async () => {
    const { workplace, folder } = await place();
    const { code, out } = await exported(folder, workplace.configFile);
    expect(code).toBe(0);
    expect(out).toContain('There are no checkpoints yet');
  });

  it('overwrites nothing unless forced', async () => {
    const { workplace, folder } = await place();
    await run(workplace.configFile, { once: true, interval: 1, rate: 6000 }, fakeIo());
    await exported(folder, workplace.configFile);
    const [file = ''] = await readdir(folder);
    await writeFile(join(folder, file), 'mine');
    const refused = await exported(folder, workplace.configFile);
    expect(refused.code).toBe(73);
    expect(refused.err).toContain('--force');
    expect(await readFile(join(folder, file), 'utf8')).toBe('mine');
    expect((await exported(folder, workplace.configFile, true)).code).toBe(0);
    expect(await readFile(join(folder, file), 'utf8')).not.toBe('mine');
  });

  it('exits with 66 without a config file', async () => {
    const { workplace, folder } = await place();
    await mkdir(folder);
    expect((await exported(folder, join(workplace.folder, 'missing.yml'))).code).toBe(66);
    expect(await readdir(folder)).toEqual([]);
  });
});
