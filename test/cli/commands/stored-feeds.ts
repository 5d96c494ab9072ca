import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileStore } from '../../../src/checkpoint/file-store.ts';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import { begin } from '../../../src/engine/window.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { startTcpReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace } from '../../helpers/program.ts';
import { duologsync } from './running.ts';

export const nowMs = Date.now();
export const hour = 3_600_000;
export const at = (hoursAgo: number): string => new Date(nowMs - hoursAgo * hour).toISOString();

/** A config with one server, its state directory, and the commands for checkpoints. */
export async function storedFeeds() {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  const workplace = await makeWorkplace(duo, [server]);
  const state = stateDirectory(workplace.state, duo.hostname);
  const save = async (endpoint: string, positionMs: number, accountId?: string): Promise<void> => {
    const store = openFileStore({
      directory: state,
      configuredServerIds: ['siem'],
      clock: systemClock,
      log: silentLogger,
    });
    const server = { id: 'siem', protocol: 'TCP', hostname: 'localhost', port: siem.port };
    await store.save({ accountId, endpoint, server }, { cursor: begin(positionMs) });
  };
  /** The path of the checkpoint whose name begins so. */
  const file = async (part: string): Promise<string> => {
    const found = (await readdir(join(state, 'feeds'))).find(
      (name) => name.startsWith(part) && name.endsWith('.json'),
    );
    return join(state, 'feeds', found ?? '');
  };
  const on = (...argv: string[]) => duologsync(['checkpoint', ...argv, '-c', workplace.configFile]);
  const remove = async (): Promise<void> => {
    await Promise.all([duo.close(), siem.stop()]);
    await workplace.remove();
  };
  return {
    duo,
    siem,
    workplace,
    state,
    save,
    file,
    on,
    list: async () => (await on('list')).out,
    remove,
  };
}
