import type { Config } from '../config/schema.ts';
import { QueryAnswers, type QueryProgram } from '../control/query-answer.ts';
import { openQuerySocket } from '../control/query-socket.ts';
import type { RunningControls } from '../controls.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { openWebServer } from '../web/server.ts';

/** What the ports show of the running program. */
export type PortProgram = QueryProgram & Pick<RunningControls, 'look'>;

export interface Ports {
  close(): Promise<void>;
}

/**
 * The network ports of our own that the config asks for; none of a run that nobody can find. Throws
 * `query_port_taken`, `query_port_unusable`, `status_port_taken`, `status_port_unusable`.
 */
export async function openPorts(
  config: Config,
  controls: PortProgram | undefined,
  clock: Clock,
  log: Logger,
): Promise<Ports> {
  const open: Ports[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((port) => port.close()));
  };
  const keep = (port: Ports | undefined): void => {
    if (port !== undefined) open.push(port);
  };
  if (controls === undefined) return { close };
  try {
    keep(await openQueryPort(config, controls, clock, log));
    keep(await openStatusPort(config, controls, log));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

async function openQueryPort(
  { dls_settings: { query_port: port, query_address: address } }: Config,
  program: PortProgram,
  clock: Clock,
  log: Logger,
): Promise<Ports | undefined> {
  if (port === undefined) return undefined;
  const answers = new QueryAnswers(program);
  const socket = await openQuerySocket({ port, address, answers, clock, log });
  log.info('The query port is open', { port, address: address ?? 'all' });
  return socket;
}

async function openStatusPort(
  { dls_settings: settings }: Config,
  program: PortProgram,
  log: Logger,
): Promise<Ports | undefined> {
  const { status_port: port, status_address: address, status_token: token } = settings;
  if (port === undefined) return undefined;
  const server = await openWebServer({
    ...{ port, address, token, log },
    hosts: settings.status_hosts.map((name) => name.toLowerCase()),
    accountLabel: settings.status_account_label,
    look: () => program.look(),
  });
  const host = address.includes(':') ? `[${address}]` : address;
  log.info('The status page is open', { address: `http://${host}:${server.port}/` });
  return server;
}
