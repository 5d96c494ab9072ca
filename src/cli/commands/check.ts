import { mainAccount } from '../../config/main-account.ts';
import { stateDirectory } from '../../checkpoint/state-directory.ts';
import { openDuo, readTrusted } from '../../client.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import { asForwarderError } from '../../core/errors.ts';
import { type Fields, silentLogger } from '../../core/log.ts';
import type { Account } from '../../core/types.ts';
import { createAccountList } from '../../duo/accounts.ts';
import type { DuoApi } from '../../duo/api.ts';
import { type EndpointName, endpoints } from '../../endpoints/index.ts';
import { noAccounts } from '../../engine/account-watch.ts';
import { createBlockList } from '../../engine/block-list.ts';
import { serverOptions } from '../../destinations.ts';
import { sinks } from '../../sinks/index.ts';
import { defaultTiming } from '../../sinks/sink.ts';
import { keyRefusals, Report } from '../check/report.ts';
import { openTestEvents } from '../check/test-events.ts';
import { configPath, loadForCommand, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { extraCa } from '../extra-ca.ts';
import type { Io } from '../io.ts';
import { secretsOf } from '../open-log.ts';
import { printable } from '../table.ts';

const deadlineMs = 90_000;
const hourMs = 3_600_000;
const mostChildren = 20;

export interface CheckOptions {
  readonly json?: boolean;
  /** Sends each server one event that is easy to find. */
  readonly sendTest?: boolean;
}

/** Tries everything that forwarding needs: Duo with each log, and each server. Sends no event unless told to. */
export async function check(
  given: string | undefined,
  { json = false, sendTest: sends = false }: CheckOptions,
  io: Io,
): Promise<ExitCode> {
  const loaded = await loadForCommand(configPath(given, io), io);
  if (loaded.exit !== undefined) return loaded.exit;
  const { config, paths } = loaded;
  const report = new Report(io, secretsOf(config), json);
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
  const state = stateDirectory(paths.directory, config.account.hostname);
  const tests = sends ? await openTestEvents(config, state, report, io) : undefined;
  for (const server of config.servers) {
    const isWell = await checkServer(server, report, io);
    await tests?.send(server, isWell);
  }
  tests?.tellWhatNow();
  report.end(tests === undefined ? {} : { test_events: tests.all });
  if (report.refused > 0) return exitCodes.refused;
  return report.failed > 0 ? exitCodes.unavailable : exitCodes.ok;
}

async function checkDuo(config: Config, api: DuoApi, report: Report, io: Io): Promise<void> {
  const { hostname: name } = config.account;
  report.begin({ kind: 'duo', name }, `Duo ${name}`);
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
      const found = await lastHour(config, account, api, name);
      if (!reached) tellReached();
      reached = true;
      report.ok(name, `${found} in the last hour`);
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
    report.note(`        ${sentence}: ${JSON.stringify(fields['accounts'])}`);
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
    const target = { kind: 'account', name: child.id ?? child.name } as const;
    report.begin(target, `Child account ${name} ${child.apiHost}`);
    await checkLogs(config, child, api, report, () => undefined);
    if (report.failed > before) failed.push(name);
  }
  if (failed.length > 0) {
    report.note(`${failed.length} of ${tested.length} child accounts: ${failed.join(', ')}`);
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

/** How many events of the first page: all there are, or that there may be more. */
async function lastHour(
  config: Config,
  account: Account,
  api: DuoApi,
  name: EndpointName,
): Promise<string> {
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
  const count = endpoint.rows(answer).length;
  // A cursor says nothing: Duo sends one with the last page, too.
  const isAll = count < endpoint.pageLimit && (endpoint.total(answer) ?? 0) <= count;
  return isAll ? `${count} events` : `${count} events or more`;
}

/** What each kind of server reports when it is well, in order: the first that is missing has failed. */
const serverSteps: Readonly<Record<keyof typeof sinks, readonly string[]>> = {
  TCP: ['resolve', 'connect'],
  TCPSSL: ['resolve', 'connect', 'tls', 'verify'],
  UDP: ['resolve', 'send'],
  FILE: ['directory', 'path'],
};

/** Whether every step went well. */
async function checkServer(server: ServerConfig, report: Report, io: Io): Promise<boolean> {
  const { id, protocol, hostname: host, port } = server;
  const place = protocol === 'FILE' ? host : `${host}:${port}`;
  report.begin({ kind: 'server', name: id }, `Server ${id} ${protocol} ${place}`);
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
    return true;
  } catch (error) {
    const failed = serverSteps[protocol].find((step) => !done.has(step));
    report.fail(failed ?? 'connect', asForwarderError(error));
    return false;
  } finally {
    await sink.close();
  }
}
