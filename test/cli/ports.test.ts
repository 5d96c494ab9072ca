import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPorts, type PortProgram } from '../../src/cli/ports.ts';
import type { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Histories } from '../../src/status/history.ts';
import { type Snapshot, snapshotOf } from '../../src/status/snapshot.ts';
import { goodConfig, loadText } from '../config/loading.ts';
import { captured } from '../control/fake-query.ts';
import { recordingLog } from '../engine/parts.ts';
import { freeUdpPort } from '../helpers/free-udp-port.ts';
import { nothingKept, parts } from '../status/parts.ts';

async function configWith(...settings: readonly string[]): Promise<Config> {
  const lines = settings.map((line) => `  ${line}\n`).join('');
  const text = goodConfig(['dls_settings:\n', `dls_settings:\n${lines}`]);
  const { config } = await loadText(text);
  if (config === undefined) throw new Error('the config is wrong');
  return config;
}

const shown: PortProgram = {
  ...captured(),
  look: () => Promise.resolve({ parts: parts(), kept: nothingKept, snapshot: snapshot() }),
};

describe('the ports of the config', () => {
  it('are none unless they are set, and none for a run that nobody can find', async () => {
    const { log, said } = recordingLog();
    await (await openPorts(await configWith(), shown, systemClock, log)).close();
    const set = await configWith('query_port: 2681', 'status_port: 8686');
    await (await openPorts(set, undefined, systemClock, log)).close();
    expect(said).toEqual([]);
  });

  it('answer questions over UDP at the address that is set, and the log says where', async () => {
    const { log, said } = recordingLog();
    const port = await freeUdpPort();
    const config = await configWith(`query_port: ${port}`, "query_address: '127.0.0.1'");
    const open = await openPorts(config, shown, systemClock, log);
    onTestFinished(() => open.close());
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.send('s', port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString('utf8')).toMatch(/^P0Ready\n/);
    expect(said).toMatchObject([{ level: 'info', fields: { port, address: '127.0.0.1' } }]);
  });

  it('show the status over HTTP, and the log says at which address', async () => {
    const { log, said } = recordingLog();
    const port = await freePort();
    const open = await openPorts(await configWith(`status_port: ${port}`), shown, systemClock, log);
    onTestFinished(() => open.close());
    const address = `http://127.0.0.1:${port}/`;
    expect(said).toMatchObject([{ level: 'info', fields: { address } }]);
    const answer = await fetch(`${address}metrics`);
    expect(await answer.text()).toContain('duologsync_healthy 1\n');
  });

  it('that are taken end the start, and those that were opened before are closed again', async () => {
    const { log } = recordingLog();
    const other = createServer();
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const udp = await freeUdpPort();
    const both = await configWith(`query_port: ${udp}`, `status_port: ${port}`);
    await expect(openPorts(both, shown, systemClock, log)).rejects.toMatchObject({
      code: 'status_port_taken',
      remedy: 'stop',
    });
    const again = await openPorts(await configWith(`query_port: ${udp}`), shown, systemClock, log);
    await again.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function snapshot(): Snapshot {
  return snapshotOf(parts(), new Histories(), nothingKept);
}
