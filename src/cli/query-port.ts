import type { Config } from '../config/schema.ts';
import { QueryAnswers, type QueryProgram } from '../control/query-answer.ts';
import { openQuerySocket, type QuerySocket } from '../control/query-socket.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';

/** None unless the config sets one. Throws `query_port_taken`, `query_port_unusable`. */
export async function openQueryPort(
  { dls_settings: { query_port: port, query_address: address } }: Config,
  program: QueryProgram | undefined,
  clock: Clock,
  log: Logger,
): Promise<QuerySocket | undefined> {
  if (port === undefined || program === undefined) return undefined;
  const answers = new QueryAnswers(program);
  const socket = await openQuerySocket({ port, address, answers, clock, log });
  log.info('The query port is open', { port, address: address ?? 'all' });
  return socket;
}
