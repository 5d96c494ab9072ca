import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../../src/cli/commands/run.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeWorkplace, type TestServer } from '../../helpers/program.ts';
import { duologsync } from '../commands/running.ts';
import { fakeIo } from '../fake-io.ts';

/** The archive that the real Duo Watcher left, and a second later log of phone calls. */
export async function writeTree(folder: string, more: Readonly<Record<string, string>> = {}) {
  const path = join(import.meta.dirname, '..', '..', 'cases', 'duo-watcher', 'tree.json');
  const { files } = JSON.parse(await readFile(path, 'utf8')) as { files: Record<string, string> };
  for (const [name, text] of Object.entries({ ...files, ...more })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** Its last auth event's second. */
export const lastAuth = 1_767_225_600;
export const lastAdmin = 1_767_225_598;

/** The captured archive, a Duo at the minute after it, and a config that goes on with it. */
export async function watcherPlace(more: readonly TestServer[] = [], settings: string[] = []) {
  const startedMs = Date.now();
  const nowMs = (): number => (lastAuth + 60) * 1000 + Date.now() - startedMs;
  const clock: Clock = { ...systemClock, nowMs };
  const duo = await startDuo({ visibleDelayMs: 0, nowMs });
  const place = await makeWorkplace(duo, more, [], [], settings);
  const archive = join(place.folder, 'archive');
  const config = await readFile(place.configFile, 'utf8');
  const server = [
    'servers:',
    '  - id: archive',
    '    protocol: FILE',
    `    directory: '${archive}'`,
    '    preset: duo_watcher',
  ];
  const mapping = [
    '  endpoint_server_mappings:',
    '    - endpoints: [auth, adminaction, telephony]',
    '      server: archive',
  ];
  const text = config
    .replace('servers:', server.join('\n'))
    .replace('  endpoint_server_mappings:', mapping.join('\n'));
  await writeFile(place.configFile, text);
  await writeTree(archive);
  const io = { clock };
  return {
    ...place,
    duo,
    clock,
    archive,
    import: (...argv: readonly string[]) =>
      duologsync(['import', 'duo-watcher', archive, '-c', place.configFile, ...argv], io),
    forward: () => run(place.configFile, { once: true, interval: 1, rate: 6000 }, fakeIo(io)),
    /** All lines of a log's day files, the oldest file first. */
    lines: async (watcher: string): Promise<string[]> => {
      const names = (await readdir(join(archive, watcher))).filter((name) => /^\d{6}$/.test(name));
      const texts = names.sort().map((name) => readFile(join(archive, watcher, name), 'utf8'));
      return (await Promise.all(texts)).flatMap((one) => one.split('\n').slice(0, -1));
    },
    copyTo: (folder: string) => cp(archive, folder, { recursive: true }),
    close: async () => {
      await duo.close();
      await place.remove();
    },
  };
}

/** A row as v2 serves it. */
export function authRow(second: number, txid: string, fraction = '000000'): string {
  const iso = new Date(second * 1000).toISOString().slice(0, 19);
  return `{"isotimestamp":"${iso}.${fraction}+00:00","timestamp":${second},"txid":"${txid}","user":{"name":"cy"}}`;
}

export function phoneRow(second: number, id: string, fraction = '000000'): string {
  const iso = new Date(second * 1000).toISOString().slice(0, 19);
  return `{"telephony_id":"${id}","ts":"${iso}.${fraction}+00:00","type":"sms"}`;
}
