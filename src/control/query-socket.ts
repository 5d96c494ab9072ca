/** The UDP socket of the query port. Whatever is sent to it, nothing else of the program notices. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { ForwarderError, messageOf, systemCode } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isLoopbackPeer } from '../core/loopback.ts';
import type { QueryAnswers } from './query-answer.ts';
import { longestQuery } from './query-datagram.ts';
import { QueryLimit } from './query-limit.ts';

export interface QuerySocketOptions {
  readonly port: number;
  /** Undefined: all addresses, IPv4 and IPv6. */
  readonly address: string | undefined;
  readonly answers: Pick<QueryAnswers, 'answer'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface QuerySocket {
  readonly port: number;
  close(): Promise<void>;
}

// Each waits for a look at the state directory.
const mostAtOnce = 16;

/** Throws `query_port_taken`, `query_port_unusable`. */
export async function openQuerySocket(options: QuerySocketOptions): Promise<QuerySocket> {
  const { answers, clock, log } = options;
  const limit = new QueryLimit(clock);
  const socket = await bound(options);
  const { port } = socket.address();
  let under = 0;
  const answer = async (datagram: Buffer, from: RemoteInfo): Promise<void> => {
    const local = isLoopbackPeer(from.address);
    // A message of our own would be answered for ever; port 0 cannot be answered at all.
    if (datagram.length > longestQuery || from.port === 0 || (local && from.port === port)) return;
    if (under >= mostAtOnce || (!local && !limit.allows(from.address))) return;
    under += 1;
    try {
      const text = await answers.answer(datagram, local);
      // Who does not hear it asks again.
      if (text !== undefined) socket.send(text, from.port, from.address, () => undefined);
    } catch (error) {
      log.warn('A question to the query port could not be answered', { message: messageOf(error) });
    } finally {
      under -= 1;
    }
  };
  socket.on('message', (datagram, from) => void answer(datagram, from));
  socket.on('error', (error) =>
    log.warn('The query port has trouble', { message: messageOf(error) }),
  );
  return {
    port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function bound({ port, address }: QuerySocketOptions): Promise<Socket> {
  if (address !== undefined) return bind(port, address);
  try {
    return await bind(port, '::');
  } catch (error) {
    // A machine without IPv6.
    const { cause } = error as Error;
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(systemCode(cause) ?? '')) throw error;
    return bind(port, '0.0.0.0');
  }
}

function bind(port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    const failed = (error: Error): void => {
      socket.close();
      reject(unusable(error, port, address));
    };
    socket.once('error', failed);
    socket.bind(port, address, () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function unusable(cause: Error, port: number, address: string): ForwarderError {
  if (systemCode(cause) === 'EADDRINUSE')
    return new ForwarderError('query_port_taken', `UDP port ${port} is taken by another program`, {
      hint: 'Stop that program (is Duo Watcher still running?), or set another dls_settings.query_port.',
      remedy: 'stop',
      cause,
    });
  const where = `${address} port ${port}`;
  return new ForwarderError('query_port_unusable', `UDP ${where}: ${cause.message}`, {
    hint: 'Set dls_settings.query_address to an address of this machine, or leave it out; a port below 1024 needs a right of its own.',
    remedy: 'stop',
    cause,
  });
}
