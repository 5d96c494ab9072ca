import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { connectTimeout, serverError } from './errors.ts';
import type { Address, Machine } from './machine.ts';
import type { ServerOptions, SinkTools } from './sink.ts';
import { abortable, onAbort, within } from './waiting.ts';

/**
 * A datagram socket that is connected to the server's first address, so that the kernel tells of
 * ICMP errors. Throws a ForwarderError, or the signal's reason.
 */
export async function openDatagrams(
  server: ServerOptions,
  { clock, timing }: Pick<SinkTools, 'clock' | 'timing'>,
  machine: Machine,
  signal: AbortSignal,
): Promise<{ socket: Socket; address: string }> {
  const late = (): Error => connectTimeout(server);
  try {
    return await within(timing.connectMs, late, clock, signal, async (limit) => {
      let problem: unknown = late();
      for (const { address, family } of await addressesOf(server, machine, limit)) {
        try {
          return { socket: await connected(address, family, server.port, limit), address };
        } catch (error) {
          if (limit.aborted) throw error;
          // A family without a route fails here; the next address may have one.
          problem = error;
        }
      }
      throw problem;
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : serverError(error, server);
  }
}

async function addressesOf(
  { hostname }: ServerOptions,
  machine: Machine,
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  return abortable(machine.resolve(hostname), signal);
}

function connected(
  address: string,
  family: number,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const fail = (error: unknown): void => {
      quiet();
      socket.close();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const quiet = onAbort(signal, () => fail(signal.reason));
    socket.once('error', fail);
    socket.once('connect', () => {
      quiet();
      socket.off('error', fail);
      resolve(socket);
    });
    // Without a callback: it would get the error instead of the event.
    socket.connect(port, address);
  });
}

/** Resolves when the kernel has the datagram. */
export function sendDatagram(socket: Socket, payload: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(payload, (error) => (error ? reject(error) : resolve()));
  });
}
