/**
 * `npm run bench`: what forwarding costs, beside a floor measured in the same run. A local HTTPS Duo holds
 * 60,000 events in each of three logs; the built program reads them all, for each format × protocol.
 * Arguments: events in each log, how often each is measured, protocols separated by commas. The least CPU
 * counts, because whatever else the machine does only adds to it, and its ratio to the floor: times differ
 * between machines. At the end: how long a command takes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority, type Authority } from '../src/simulator/certificates.ts';
import { startDuo, type DuoSimulator } from '../src/simulator/duo-server.ts';
import { makeEvents } from '../src/simulator/history.ts';
import { startTcpReceiver, startTlsReceiver, startUdpReceiver } from '../src/simulator/siem.ts';
import type { FloorPlan } from './bench/floor.ts';
import { measureStarts } from './bench/start.ts';

type Protocol = FloorPlan['server']['protocol'];
const protocols: readonly Protocol[] = ['TCP', 'TCPSSL', 'UDP', 'FILE'];
const logs = ['auth', 'telephony', 'activity'] as const;
const lists = { auth: 'authlogs', telephony: 'items', activity: 'items' } as const;
const rowsPerPage = 1000;
const rowBytes = 1100;
const dayMs = 86_400_000;

interface Usage {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly maxRssKb: number;
  /** Lines that the server got. */
  readonly received?: number;
}

interface Receiver {
  readonly port: number;
  received(): number | Promise<number>;
  stop(): Promise<void>;
}

interface Bench {
  readonly folder: string;
  readonly authority: Authority;
  readonly duo: DuoSimulator;
  readonly perLog: number;
}

const [perLog = '60000', times = '3', chosen = protocols.join()] = process.argv.slice(2);
const repeats = Number(times);
const program = fileURLToPath(new URL('../src/main.js', import.meta.url));
await main(Number(perLog));

async function main(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-bench-'));
  const authority = createAuthority();
  const duo = await startDuo({ authority, visibleDelayMs: 0 });
  const bench: Bench = { folder, authority, duo, perLog: count };
  await writeFile(join(folder, 'ca.pem'), authority.certPem);
  const fromMs = Date.now() - dayMs;
  const stepMs = Math.floor((dayMs - 60_000) / count);
  for (const log of logs) {
    duo.add(log, makeEvents(log, { count, fromMs, stepMs, bodyBytes: rowBytes }));
  }
  const floorDuo = await startFloorDuo(bench);
  try {
    print(`${count * logs.length} events of about ${rowBytes} bytes in ${logs.length} logs`);
    print('protocol  format   µs CPU/event   ratio   events/s   peak MB   delivered');
    for (const protocol of protocols.filter((one) => chosen.split(',').includes(one))) {
      const floor = await least(() => measureFloor(bench, floorDuo.url, protocol));
      row(protocol, 'floor', floor, floor, count * logs.length);
      for (const format of ['JSON', 'CEF'] as const) {
        const usage = await least(() => measureProgram(bench, protocol, format));
        row(protocol, format, usage, floor, count * logs.length);
      }
    }
    await printStarts(bench);
  } finally {
    await Promise.all([duo.close(), floorDuo.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function least(measure: () => Promise<Usage>): Promise<Usage> {
  let best = await measure();
  for (let run = 1; run < repeats; run += 1) {
    const usage = await measure();
    if (usage.cpuMs < best.cpuMs) best = usage;
  }
  return best;
}

function row(protocol: string, format: string, usage: Usage, floor: Usage, events: number): void {
  const cells = [
    protocol.padEnd(9),
    format.padEnd(8),
    ((usage.cpuMs * 1000) / events).toFixed(1).padStart(12),
    (usage.cpuMs / floor.cpuMs).toFixed(2).padStart(8),
    Math.round((events / usage.wallMs) * 1000)
      .toString()
      .padStart(10),
    Math.round(usage.maxRssKb / 1024)
      .toString()
      .padStart(9),
    (usage.received === undefined ? '' : String(usage.received)).padStart(11),
  ];
  print(cells.join(' '));
}

async function measureProgram(bench: Bench, protocol: Protocol, format: string): Promise<Usage> {
  const receiver = await startReceiver(bench, protocol);
  const name = `${protocol}-${format}`;
  await rm(join(bench.folder, name), { recursive: true, force: true });
  const config = join(bench.folder, `${name}.yml`);
  await writeFile(config, configText(bench, name, protocol, format, receiver.port));
  try {
    const usage = await run(bench, [program, 'run', '--once', '--rate', '60000', config]);
    return { ...usage, received: await receiver.received() };
  } finally {
    await receiver.stop();
  }
}

/** What a person waits for; seconds of wall time, so an idle machine is needed. */
async function printStarts(bench: Bench): Promise<void> {
  const receiver = await startReceiver(bench, 'TCP');
  const config = join(bench.folder, 'start.yml');
  await writeFile(config, configText(bench, 'start', 'TCP', 'JSON', receiver.port));
  try {
    for (const { command, leastMs, medianMs } of await measureStarts(program, config, 10)) {
      const [least, median] = [leastMs, medianMs].map((ms) => (ms / 1000).toFixed(2));
      print(`${command.padEnd(18)} ${least} s at least, ${median} s mostly`);
    }
  } finally {
    await receiver.stop();
  }
}

async function measureFloor(bench: Bench, duoUrl: string, protocol: Protocol): Promise<Usage> {
  const receiver = await startReceiver(bench, protocol);
  const plan: FloorPlan = {
    duoUrl,
    ca: bench.authority.certPem,
    logs,
    pages: bench.perLog / rowsPerPage,
    rowsPerPage,
    server: { port: receiver.port, protocol, directory: archiveIn(bench) },
  };
  const floor = fileURLToPath(new URL('./bench/floor.js', import.meta.url));
  try {
    return await run(bench, [floor, JSON.stringify(plan)]);
  } finally {
    await receiver.stop();
  }
}

function archiveIn({ folder }: Bench): string {
  return join(folder, 'archive');
}

async function startReceiver(bench: Bench, protocol: Protocol): Promise<Receiver> {
  const { authority } = bench;
  if (protocol === 'FILE') return startArchive(archiveIn(bench));
  let received = 0;
  const onLine = (): void => void (received += 1);
  if (protocol === 'UDP') {
    const udp = await startUdpReceiver({ onLine, receiveBufferBytes: 64 * 2 ** 20 });
    return { port: udp.port, received: () => received, stop: () => udp.stop() };
  }
  const options = { onLine, keep: false };
  const stream =
    protocol === 'TCP'
      ? await startTcpReceiver(options)
      : await startTlsReceiver({ ...options, authority, names: ['localhost'] });
  return { port: stream.port, received: () => received, stop: () => stream.stop() };
}

/** Empty; afterwards the lines of its files are counted. */
async function startArchive(folder: string): Promise<Receiver> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return {
    port: 0,
    received: async () => {
      const names = await readdir(folder, { recursive: true });
      const logs = names.filter((name) => name.endsWith('.log'));
      const texts = await Promise.all(logs.map((name) => readFile(join(folder, name), 'latin1')));
      return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0);
    },
    stop: async () => undefined,
  };
}

async function run({ folder }: Bench, args: readonly string[]): Promise<Usage> {
  const file = join(folder, 'usage.json');
  const measure = new URL('./bench/measure.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', measure, ...args], {
    stdio: ['ignore', 'inherit', 'ignore'],
    env: { ...process.env, DUOLOGSYNC_BENCH_FILE: file },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${args.slice(0, 2).join(' ')} ended with ${code}`);
  return JSON.parse(await readFile(file, 'utf8')) as Usage;
}

/** The same rows as whole bodies, ready in memory. */
async function startFloorDuo(bench: Bench): Promise<{ url: string; close(): Promise<void> }> {
  const { authority, perLog: count } = bench;
  const { certPem: cert, keyPem: key } = authority.issue({ names: ['localhost'] });
  const bodies = new Map<string, Buffer>();
  for (const log of logs) {
    const rows = makeEvents(log, { count, fromMs: Date.now() - dayMs, bodyBytes: rowBytes });
    for (let page = 0; page * rowsPerPage < count; page += 1) {
      const texts = rows
        .slice(page * rowsPerPage, (page + 1) * rowsPerPage)
        .map(({ text }) => (typeof text === 'string' ? text : text()));
      const list = `{"${lists[log]}":[${texts.join(',')}],"metadata":{"next_offset":null}}`;
      bodies.set(`/${log}/${page}`, Buffer.from(`{"response":${list},"stat":"OK"}`));
    }
  }
  const server = createServer({ cert, key }, (message, response) => {
    response.end(bodies.get(message.url ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function configText(
  bench: Bench,
  name: string,
  protocol: Protocol,
  format: string,
  port: number,
): string {
  const { folder, duo } = bench;
  const ca = join(folder, 'ca.pem');
  const network = `\n    hostname: localhost\n    port: ${port}`;
  const place = {
    TCP: network,
    TCPSSL: `${network}\n    cert_filepath: '${ca}'`,
    UDP: `${network}\n    max_events_per_second: 1000000`,
    FILE: `\n    directory: '${archiveIn(bench)}'`,
  }[protocol];
  return `version: '1.0.0'
dls_settings:
  log_filepath: '${join(folder, `${name}.log`)}'
  log_format: ${format}
  api:
    offset: 2
    settle_seconds: 0
    ca_filepath: '${ca}'
  checkpointing:
    directory: '${join(folder, name)}'
servers:
  - id: siem
    protocol: ${protocol}${place}
account:
  ikey: ${duo.account.ikey}
  skey: ${duo.account.skey}
  hostname: ${duo.hostname}
  endpoint_server_mappings:
    - endpoints: [${logs.join(', ')}]
      server: siem
`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
