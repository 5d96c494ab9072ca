import { mainAccount } from '../../app.ts';
import { openDuo, readTrusted } from '../../client.ts';
import type { Config } from '../../config/schema.ts';
import { asForwarderError, type ForwarderError } from '../../core/errors.ts';
import { type Fields, silentLogger } from '../../core/log.ts';
import { redactor } from '../../core/program-log.ts';
import type { Secret } from '../../core/secret.ts';
import type { Account } from '../../core/types.ts';
import { createAccountList } from '../../duo/accounts.ts';
import type { DuoApi } from '../../duo/api.ts';
import { type EndpointName, endpoints } from '../../endpoints/index.ts';
import { noAccounts } from '../../engine/account-watch.ts';
import { createBlockList } from '../../engine/block-list.ts';
import { serverOptions } from '../../destinations.ts';
import { sinks } from '../../sinks/index.ts';
import { defaultTiming } from '../../sinks/sink.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import { type Io, say } from '../io.ts';
import { secretsOf } from '../open-log.ts';
import { printable } from '../table.ts';

/** Counts what failed, and prints one line a step. */
class Report {
  failed = 0;
  refused = 0;
  total = 0;
  readonly #io: Io;
  /** Other sides may repeat what they were sent. */
  readonly #redact: (text: string) => string;

  constructor(io: Io, secrets: readonly Secret[]) {
    this.#io = io;
    this.#redact = redactor(secrets);
  }

  title(text: string): void {
    say(this.#io.stdout, this.#redact(text));
  }

  ok(step: string, detail: string): void {
    this.total += 1;
    this.title(`  ok    ${step.padEnd(12)} ${detail}`.trimEnd());
  }

  fail(step: string, error: ForwarderError): void {
    this.total += 1;
    this.failed += 1;
    if (keyRefusals.has(error.code) || error.code === 'duo_forbidden') this.refused += 1;
    this.title(`  FAIL  ${step.padEnd(12)} ${error.message} (${error.code})`);
    if (error.hint !== undefined) this.title(`        ${error.hint}`);
  }
}

const keyRefusals: ReadonlySet<string> = new Set([
  'duo_invalid_key',
  'duo_invalid_signature',
  'duo_unauthorized',
]);

const deadlineMs = 90_000;
const hourMs = 3_600_000;
const mostChildren = 20;

/** Tries everything that forwarding needs: Duo with each log, and each server. Sends no event. */
export async function check(given: string | undefined, io: Io): Promise<ExitCode> {
  const loaded = await loadForCommand(configPath(given, io), io);
  if (loaded.exit !== undefined) return loaded.exit;
  const { config } = loaded;
  const report = new Report(io, secretsOf(config));
  try {
    const ca = await extraCa(io);
    const trusted = await readTrusted(config, ca);
    const api = openDuo({ config, clock: io.clock, log: silentLogger, trusted });
    try {
      await checkDuo(config, api, report, io);
    } finally {
      await api.close();
    }
  } catch (error) {
    return tell(error, io);
  }
  for (const server of config.servers) await checkServer(config, server.id, report, io);
  say(io.stdout, `${report.failed} of ${report.total} checks failed.`);
  if (report.refused > 0) return exitCodes.refused;
  return report.failed > 0 ? exitCodes.unavailable : exitCodes.ok;
}

async function checkDuo(config: Config, api: DuoApi, report: Report, io: Io): Promise<void> {
  report.title(`Duo ${config.account.hostname}`);
  const reached = (): void => reachedDuo(config, api, report, io);
  if (config.account.is_msp) await checkChildren(config, api, report, reached);
  else await checkLogs(config, mainAccount(config), api, report, reached);
}

async function checkLogs(
  config: Config,
  account: Account,
  api: DuoApi,
  report: Report,
  tellReached: () => void,
): Promise<void> {
  const names = new Set(config.account.endpoint_server_mappings.flatMap((m) => m.endpoints));
  let reached = false;
  for (const name of names) {
    try {
      const rows = await lastHour(config, account, api, name);
      if (!reached) tellReached();
      reached = true;
      report.ok(name, `${rows} events in the last hour`);
    } catch (error) {
      const failure = asForwarderError(error);
      const step = stepOf(failure.code);
      if (step === 'permission' && !reached) tellReached();
      reached ||= step === 'permission';
      report.fail(reached ? name : step, failure);
      // Whatever stands before the permission stands before every log: once is enough.
      if (!reached) return;
    }
  }
}

async function checkChildren(
  config: Config,
  api: DuoApi,
  report: Report,
  tellReached: () => void,
): Promise<void> {
  const warn = (sentence: string, fields: Fields = {}): void =>
    report.title(`        ${sentence}: ${JSON.stringify(fields['accounts'])}`);
  const log = { ...silentLogger, warn };
  const list = createAccountList({ api, parent: mainAccount(config), log });
  let children: readonly Account[];
  try {
    children = await list(AbortSignal.timeout(deadlineMs));
    if (children.length === 0) throw noAccounts();
    tellReached();
  } catch (error) {
    const failure = asForwarderError(error);
    const step = stepOf(failure.code);
    report.fail(step === 'permission' ? 'accounts' : step, failure);
    return;
  }
  const blocked = createBlockList(config.account.block_list);
  const read = children.filter((child) => !blocked.has(child));
  const tested = read.slice(0, mostChildren);
  const some = tested.length < read.length ? `, the first ${tested.length} are tested` : '';
  const left = children.length - read.length;
  report.ok('accounts', `${read.length} child accounts${some}; block_list leaves out ${left}`);
  const failed: string[] = [];
  for (const child of tested) {
    const name = `${printable(child.name)} (${child.id ?? ''})`;
    const before = report.failed;
    report.title(`Child account ${name} ${child.apiHost}`);
    await checkLogs(config, child, api, report, () => undefined);
    if (report.failed > before) failed.push(name);
  }
  if (failed.length > 0) {
    report.title(`${failed.length} of ${tested.length} child accounts: ${failed.join(', ')}`);
  }
}

function reachedDuo(config: Config, api: DuoApi, report: Report, io: Io): void {
  const { proxy_server: host, proxy_port: port } = config.dls_settings.proxy;
  if (host !== undefined && host !== '') report.ok('proxy', `${host}:${port ?? ''}`);
  report.ok('TLS', '');
  const seconds = (api.nowMs() - io.clock.nowMs()) / 1000;
  report.ok('clock', `${seconds >= 0 ? '+' : ''}${seconds.toFixed(1)} s against Duo`);
  report.ok('key', 'accepted');
}

/** Which step an error belongs to, in the order in which a call meets them. */
function stepOf(code: string): string {
  if (code.startsWith('proxy_')) return 'proxy';
  if (code.startsWith('duo_tls')) return 'TLS';
  if (code === 'duo_clock') return 'clock';
  if (keyRefusals.has(code)) return 'key';
  if (code === 'duo_forbidden' || code === 'duo_not_found') return 'permission';
  return 'connection';
}

async function lastHour(
  config: Config,
  account: Account,
  api: DuoApi,
  name: EndpointName,
): Promise<number> {
  const endpoint = endpoints[name];
  const endMs = api.nowMs() - config.dls_settings.api.settle_seconds * 1000;
  const answer = await api.send(
    {
      account,
      method: 'GET',
      path: endpoint.path,
      params: endpoint.params({ mintimeMs: endMs - hourMs, endMs }),
    },
    AbortSignal.timeout(deadlineMs),
  );
  return endpoint.rows(answer).length;
}

/** What each kind of server reports when it is well, in order: the first that is missing has failed. */
const serverSteps: Readonly<Record<keyof typeof sinks, readonly string[]>> = {
  TCP: ['resolve', 'connect'],
  TCPSSL: ['resolve', 'connect', 'tls', 'verify'],
  UDP: ['resolve', 'send'],
  FILE: ['directory', 'path'],
};

async function checkServer(config: Config, id: string, report: Report, io: Io): Promise<void> {
  const server = config.servers.find((one) => one.id === id);
  if (server === undefined) return;
  const { protocol, hostname, port } = server;
  const place = protocol === 'FILE' ? hostname : `${hostname}:${port}`;
  report.title(`Server ${id} ${protocol} ${place}`);
  const sink = sinks[protocol].open(serverOptions(server), {
    clock: io.clock,
    log: silentLogger,
    timing: defaultTiming,
    learned: { get: () => undefined, set: () => undefined },
    deadLetters: { add: async () => undefined },
    slotsTaken: () => 0,
  });
  const done = new Set<string>();
  try {
    await sink.check((name, detail) => {
      done.add(name);
      report.ok(name, detail);
    }, AbortSignal.timeout(deadlineMs));
  } catch (error) {
    const failed = serverSteps[protocol].find((step) => !done.has(step));
    report.fail(failed ?? 'connect', asForwarderError(error));
  } finally {
    await sink.close();
  }
}
