import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../simulator/certificates.ts';
import { startDuo, type DuoSimulator } from '../../simulator/duo-server.ts';
import { makeEvents } from '../../simulator/history.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  startUdpReceiver,
  type StreamReceiver,
} from '../../simulator/siem.ts';

export type DemoLog =
  'auth' | 'telephony' | 'activity' | 'adminaction' | 'trustmonitor' | 'offline_enrollment';

/** One of the demo's servers: what it is sent, and what it has got. */
export interface DemoServer {
  readonly id: string;
  readonly protocol: string;
  readonly format: 'json' | 'cef';
  readonly logs: readonly DemoLog[];
  readonly port: number;
  lines(): readonly Buffer[];
}

export interface Scene {
  readonly folder: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly duo: DuoSimulator;
  readonly servers: readonly DemoServer[];
  /** Where the program shows its status page. */
  readonly page: string;
  /** The one that goes down and comes back. */
  readonly outage: StreamReceiver;
  /** Makes this many new events in each log, happening now. */
  addNow(count: number): void;
  close(): Promise<void>;
}

const backlog: Readonly<Record<DemoLog, number>> = {
  auth: 1500,
  telephony: 200,
  activity: 300,
  adminaction: 300,
  trustmonitor: 60,
  offline_enrollment: 40,
};
/** Each log's serials begin with their own letter. */
const letters: Readonly<Record<DemoLog, string>> = {
  auth: 'a',
  telephony: 't',
  activity: 'c',
  adminaction: 'm',
  trustmonitor: 'r',
  offline_enrollment: 'e',
};
const hourMs = 3_600_000;

/** A simulated Duo with an hour of history, three local servers, and the config file that joins them. */
export async function setScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-demo-'));
  const authority = createAuthority();
  const duo = await startDuo({ authority, visibleDelayMs: 0 });
  const tcp = await startTcpReceiver();
  const tls = await startTlsReceiver({ authority, names: ['localhost', '127.0.0.1'] });
  const udp = await startUdpReceiver();
  const serials = new Map<DemoLog, number>();
  const add = (log: DemoLog, count: number, fromMs: number, stepMs: number): void => {
    const firstSerial = serials.get(log) ?? 1;
    serials.set(log, firstSerial + count);
    const letter = letters[log];
    duo.add(log, makeEvents(log, { count, fromMs, stepMs, firstSerial, letter }));
  };
  const logs = Object.keys(backlog) as DemoLog[];
  for (const log of logs) {
    add(log, backlog[log], Date.now() - hourMs, Math.floor((hourMs - 5_000) / backlog[log]));
  }
  const servers: readonly DemoServer[] = [
    {
      id: 'siem-tcp',
      protocol: 'TCP',
      format: 'json',
      logs: ['auth', 'activity'],
      port: tcp.port,
      lines: () => tcp.lines(),
    },
    {
      id: 'siem-tls',
      protocol: 'TCPSSL',
      format: 'cef',
      logs,
      port: tls.port,
      lines: () => tls.lines(),
    },
    {
      id: 'siem-udp',
      protocol: 'UDP',
      format: 'json',
      logs: ['telephony', 'adminaction'],
      port: udp.port,
      lines: () => udp.lines(),
    },
  ];
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.certPem);
  const configFile = join(folder, 'config.yml');
  const logFile = join(folder, 'duologsync.log');
  const statusPort = await freePort();
  const places = { folder, caFile, logFile, statusPort };
  await writeFile(configFile, configText(places, duo, servers));
  return {
    folder,
    configFile,
    logFile,
    duo,
    servers,
    page: `http://127.0.0.1:${statusPort}/`,
    outage: tcp,
    addNow: (count) => logs.forEach((log) => add(log, count, Date.now(), 0)),
    close: async () => {
      await Promise.all([duo.close(), tcp.stop(), tls.stop(), udp.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Places {
  readonly folder: string;
  readonly caFile: string;
  readonly logFile: string;
  readonly statusPort: number;
}

function configText(
  { folder, caFile, logFile, statusPort }: Places,
  duo: DuoSimulator,
  servers: readonly DemoServer[],
): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const server = ({ id, protocol, port, format }: DemoServer): string => `
  - id: ${id}
    hostname: localhost
    port: ${port}
    protocol: ${protocol}
    log_format: ${format.toUpperCase()}${protocol === 'TCPSSL' ? `\n    cert_filepath: ${quoted(caFile)}` : ''}`;
  const mapping = ({ id, logs }: DemoServer): string => `
    - endpoints: [${logs.join(', ')}]
      server: ${id}`;
  return `version: '1.0.0'
dls_settings:
  log_filepath: ${quoted(logFile)}
  status_port: ${statusPort}
  api:
    offset: 1
    settle_seconds: 0
    ca_filepath: ${quoted(caFile)}
  checkpointing:
    directory: ${quoted(join(folder, 'state'))}
servers:${servers.map(server).join('')}
account:
  ikey: ${duo.account.ikey}
  skey: ${duo.account.skey}
  hostname: ${duo.hostname}
  endpoint_server_mappings:${servers.map(mapping).join('')}
`;
}
