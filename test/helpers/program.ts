import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';

/** The built program, as a user would start it. `npm test` builds it first. */
export const mainFile = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** Windows knows no signal that a program could answer: there `kill` just ends it. */
export const hasSignals = process.platform !== 'win32';
/** How the program ends when it is told to. */
export const stoppedGently = hasSignals ? 0 : 'SIGTERM';

export interface TestServer {
  readonly id: string;
  readonly protocol: 'TCP' | 'TCPSSL' | 'UDP' | 'FILE';
  /** Not for FILE. */
  readonly port?: number;
  /** localhost unless set; not for FILE. */
  readonly hostname?: string;
  /** FILE only. */
  readonly directory?: string;
  readonly endpoints: readonly string[];
  readonly format?: 'JSON' | 'CEF';
  /** Further lines of the server's section. */
  readonly more?: string;
}

export interface Workplace {
  readonly folder: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly state: string;
  log(): Promise<string>;
  remove(): Promise<void>;
}

/**
 * A temporary folder with a config file for the simulator and these servers; `api`, `account` and `settings`
 * (dls_settings) are lines of these sections.
 */
export async function makeWorkplace(
  duo: DuoSimulator,
  servers: readonly TestServer[],
  api: readonly string[] = [],
  account: readonly string[] = [],
  settings: readonly string[] = [],
): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-e2e-'));
  const state = join(folder, 'state');
  const logFile = join(folder, 'duologsync.log');
  const caFile = join(folder, 'ca.pem');
  const configFile = join(folder, 'config.yml');
  await writeFile(caFile, duo.certPem);
  const lines = [
    "version: '1.0.0'",
    'dls_settings:',
    `  log_filepath: '${logFile}'`,
    ...settings.map((line) => `  ${line}`),
    '  api:',
    '    offset: 2',
    '    settle_seconds: 0',
    `    ca_filepath: '${caFile}'`,
    ...api.map((line) => `    ${line}`),
    '  checkpointing:',
    `    directory: '${state}'`,
    'servers:',
    ...servers.flatMap(({ id, protocol, format = 'JSON', more, ...place }) => [
      `  - id: ${id}`,
      ...placeLines(place),
      `    protocol: ${protocol}`,
      `    log_format: ${format}`,
      ...(protocol === 'TCPSSL' ? [`    cert_filepath: '${caFile}'`] : []),
      ...(more === undefined ? [] : [`    ${more}`]),
    ]),
    'account:',
    `  ikey: ${duo.account.ikey}`,
    `  skey: ${duo.account.skey}`,
    `  hostname: ${duo.hostname}`,
    ...account.map((line) => `  ${line}`),
    '  endpoint_server_mappings:',
    ...servers.flatMap(({ id, endpoints }) => [
      `    - endpoints: [${endpoints.join(', ')}]`,
      `      server: ${id}`,
    ]),
  ];
  await writeFile(configFile, `${lines.join('\n')}\n`);
  return {
    folder,
    configFile,
    logFile,
    state,
    log: () => readFile(logFile, 'utf8').catch(() => ''),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function placeLines({
  port,
  hostname = 'localhost',
  directory,
}: Pick<TestServer, 'port' | 'hostname' | 'directory'>): string[] {
  if (directory !== undefined) return [`    directory: '${directory}'`];
  return [`    hostname: ${hostname}`, `    port: ${port ?? ''}`];
}

export interface Running {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  if (!existsSync(mainFile)) throw new Error('The program is not built: run `npm run build`.');
  const child = spawn(process.execPath, [mainFile, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString('utf8')));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString('utf8')));
  const ended = once(child, 'close').then(([code, signal]) => {
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return {
    process: child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    kill: (signal = 'SIGKILL') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Starts the program on a workplace's config, polling every second without a limit. */
export function forward(workplace: Workplace, ...more: string[]): Running {
  return start(['run', workplace.configFile, '--interval', '1', '--rate', '6000', ...more]);
}

/** Waits until `done` holds, looking at it so often; fails with `what` after the deadline. */
export async function until(
  what: string,
  done: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
  everyMs = 25,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
