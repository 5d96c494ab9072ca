/**
 * `npm run scale`: what many feeds cost. A fake MSP has N children, each on a loopback address of its own
 * (Linux: 127.0.0.0/8), and answers after 200 ms; the built program polls them all. Measured from outside:
 * how long until every child's every log was asked once, CPU per poll that finds nothing, memory.
 * One child's host is dead, and so is one of two servers: both are in every figure.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '../src/simulator/certificates.ts';
import { startTcpReceiver } from '../src/simulator/siem.ts';
import { startFakeMsp, type FakeMsp } from './scale/fake-msp.ts';
import { scalePlot, scaleTable, type ScaleFigures } from './scale/report.ts';

const logs = ['auth', 'telephony', 'activity', 'adminaction', 'trustmonitor'] as const;
const sizes: readonly { readonly children: number; readonly logs: number }[] = [
  { children: 5, logs: 2 },
  { children: 20, logs: 5 },
  { children: 200, logs: 5 },
  { children: 1000, logs: 3 },
  { children: 2000, logs: 5 },
];
const answerMs = 200;
const clockTicksPerSecond = 100;
/** Nothing listens there. */
const deadPort = 9;

const wanted = process.argv[2];
const figures: ScaleFigures[] = [];
for (const size of sizes) {
  if (wanted !== undefined && String(size.children * size.logs) !== wanted) continue;
  figures.push(await measure(size.children, size.logs));
  process.stdout.write(`${scaleTable(figures.slice(-1))}\n`);
}
if (wanted === undefined) {
  const docs = new URL('../../docs/', import.meta.url);
  await writeFile(new URL('scale.json', docs), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(new URL('scale.svg', docs), scalePlot(figures));
  process.stdout.write(`\n${scaleTable(figures)}\n`);
}

async function measure(children: number, logCount: number): Promise<ScaleFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-scale-'));
  const authority = createAuthority();
  const asked = logs.slice(0, logCount);
  const msp = await startFakeMsp({ authority, children, answerMs, logs: asked });
  const siem = await startTcpReceiver({ keep: false });
  const config = join(folder, 'config.yml');
  await writeFile(join(folder, 'ca.pem'), authority.certPem);
  await writeFile(config, configText(folder, msp, siem.port, asked));
  const program = start(config);
  try {
    const startedMs = Date.now();
    await msp.everyLogAsked(1);
    const roundSeconds = (Date.now() - startedMs) / 1000;
    // The second round finds nothing new: this is what waiting costs.
    const before = { cpu: await cpuMs(program), polls: msp.polls };
    await msp.everyLogAsked(2);
    const after = { cpu: await cpuMs(program), polls: msp.polls };
    return {
      feeds: children * logCount,
      children,
      logs: logCount,
      roundSeconds,
      cpuMsPerPoll: (after.cpu - before.cpu) / (after.polls - before.polls),
      peakMb: await peakMb(program),
      delivered: siem.received,
    };
  } finally {
    program.kill('SIGKILL');
    await Promise.all([msp.close(), siem.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function start(config: string): ChildProcess {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'run', config, '--interval', '15'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  void once(child, 'exit').then(([code]) => {
    if (code !== null) process.stderr.write(`the program ended with ${String(code)}\n`);
  });
  return child;
}

/** Processor time so far, from /proc/<pid>/stat (proc(5): fields 14 and 15). */
async function cpuMs({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / clockTicksPerSecond;
}

async function peakMb({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function configText(folder: string, msp: FakeMsp, port: number, asked: readonly string[]): string {
  return `version: '1.0.0'
dls_settings:
  log_filepath: '${join(folder, 'duologsync.log')}'
  api:
    offset: 1
    settle_seconds: 0
    ca_filepath: '${join(folder, 'ca.pem')}'
  checkpointing:
    directory: '${folder}'
servers:
  - { id: siem, hostname: localhost, port: ${port}, protocol: TCP }
  - { id: dead, hostname: localhost, port: ${deadPort}, protocol: TCP }
account:
  ikey: DISCALE0000000000000
  skey: scale-scale-scale-scale-scale-scale-0000
  hostname: '${msp.hostname}'
  is_msp: true
  endpoint_server_mappings:
    - { endpoints: [${asked.join(', ')}], server: siem }
    - { endpoints: [auth], server: dead }
`;
}
