import type { Socket } from 'node:dgram';
import { asForwarderError } from '../core/errors.ts';
import type { Dialer } from './connection.ts';
import { Conversation, type ConversationTools, type Goal } from './conversation.ts';
import { serverError } from './errors.ts';
import { Payload } from './payload.ts';
import { sendDatagram } from './udp-socket.ts';
import { onAbort } from './waiting.ts';

/** Asked for when the server can be reached, so that it tells of that moment. */
export type BeatLine = () => Uint8Array;

const newline = Buffer.from('\n');

/**
 * One line over a connection of its own, ended in good order when the server's machine has it. Its end is not
 * awaited: a heartbeat that arrived is no proof of anything but that.
 */
export async function beatOverStream(
  dialer: Dialer,
  tools: ConversationTools,
  level: Goal,
  line: BeatLine,
  signal: AbortSignal,
): Promise<void> {
  const conversation = new Conversation(await dialer.connect(signal), tools);
  const quiet = onAbort(signal, () => conversation.abandon());
  try {
    signal.throwIfAborted();
    await conversation.send(new Payload([line()]), level === 'none' ? 'none' : 'transport');
    conversation.close();
  } catch (error) {
    conversation.abandon();
    throw signal.aborted ? signal.reason : asForwarderError(error, 'server_failed');
  } finally {
    quiet();
  }
}

/** One datagram on a socket of its own, which is closed after the time in which a refusal shows. */
export async function beatOverUdp(
  socket: Socket,
  { server, clock, timing }: Pick<ConversationTools, 'server' | 'clock' | 'timing'>,
  line: BeatLine,
  signal: AbortSignal,
): Promise<void> {
  let refusal: Error | undefined;
  socket.on('error', (error) => (refusal ??= error));
  try {
    await sendDatagram(socket, [line(), newline]);
    await clock.sleep(timing.settleMs, signal);
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    throw serverError(error, server);
  } finally {
    socket.close();
  }
}
