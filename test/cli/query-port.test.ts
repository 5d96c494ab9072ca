import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openQueryPort } from '../../src/cli/query-port.ts';
import type { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/core/clock.ts';
import { goodConfig, loadText } from '../config/loading.ts';
import { captured } from '../control/fake-query.ts';
import { recordingLog } from '../engine/parts.ts';
import { freeUdpPort } from '../helpers/free-udp-port.ts';

async function configWith(...settings: readonly string[]): Promise<Config> {
  const lines = settings.map((line) => `  ${line}\n`).join('');
  const text = goodConfig(['dls_settings:\n', `dls_settings:\n${lines}`]);
  const { config } = await loadText(text);
  if (config === undefined) throw new Error('the config is wrong');
  return config;
}

describe('the query port of the config', () => {
  it('is none unless it is set, and none for a run that nobody can find', async () => {
    const { log } = recordingLog();
    const without = await configWith();
    expect(await openQueryPort(without, captured(), systemClock, log)).toBeUndefined();
    const set = await configWith('query_port: 2681');
    expect(await openQueryPort(set, undefined, systemClock, log)).toBeUndefined();
  });

  it('speaks for the program at the address that is set, and the log says where', async () => {
    const { log, said } = recordingLog();
    const port = await freeUdpPort();
    const config = await configWith(`query_port: ${port}`, "query_address: '127.0.0.1'");
    const open = await openQueryPort(config, captured(), systemClock, log);
    onTestFinished(() => open?.close());
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.send('s', port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString('utf8')).toMatch(/^P0Ready\n/);
    expect(said).toMatchObject([{ level: 'info', fields: { port, address: '127.0.0.1' } }]);
  });
});
