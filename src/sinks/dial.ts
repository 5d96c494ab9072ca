import { connect, isIP, type Socket } from 'node:net';
import { connectTimeout, place, serverError } from './errors.ts';
import type { Report } from './connection.ts';
import type { Address, Machine } from './machine.ts';
import type { ServerOptions, SinkTools } from './sink.ts';
import { abortable, onAbort, within } from './waiting.ts';

export interface Dialled {
  readonly socket: Socket;
  /** How long the TCP handshake took: about one round trip. */
  readonly roundTripMs: number;
}

type DialTools = Pick<SinkTools, 'clock' | 'timing'>;

/**
 * A TCP connection to the first address that answers; the name is resolved at every call, and each
 * address gets its share of `connectMs`. Throws a ForwarderError, or the signal's reason.
 */
export async function dial(
  server: ServerOptions,
  { clock, timing }: DialTools,
  machine: Machine,
  signal: AbortSignal,
  report: Report = () => undefined,
): Promise<Dialled> {
  const late = (): Error => connectTimeout(server);
  const endMs = clock.monotonicMs() + timing.connectMs;
  const addresses = await within(timing.connectMs, late, clock, signal, (limit) =>
    resolve(server, machine, limit),
  );
  report('resolve', addresses.map(({ address }) => address).join(', '));
  let problem: unknown = late();
  for (const [index, { address, family }] of addresses.entries()) {
    const startMs = clock.monotonicMs();
    const shareMs = Math.max(1, (endMs - startMs) / (addresses.length - index));
    try {
      const socket = await within(shareMs, late, clock, signal, (limit) =>
        open(address, family, server.port, limit),
      );
      const roundTripMs = clock.monotonicMs() - startMs;
      report(
        'connect',
        `${place({ ...server, hostname: address })} in ${Math.ceil(roundTripMs)} ms`,
      );
      return { socket, roundTripMs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      problem = error;
    }
  }
  throw serverError(problem, server);
}

async function resolve(
  server: ServerOptions,
  machine: Machine,
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const family = isIP(server.hostname);
  if (family !== 0) return [{ address: server.hostname, family }];
  try {
    return await abortable(machine.resolve(server.hostname), signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw serverError(error, server);
  }
}

function open(host: string, family: number, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      family,
      // Half-open: the peer's end must not become ours, and ours not the peer's.
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    const quiet = onAbort(signal, () => {
      socket.destroy();
      reject(signal.reason as Error);
    });
    // Stays: an error after the promise is settled must not become an uncaught one.
    socket.on('error', (error) => {
      quiet();
      reject(error);
    });
    socket.once('connect', () => {
      quiet();
      resolve(socket);
    });
  });
}
