import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { messageOf, systemCode } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { printable } from '../table.ts';

const duoWatcherPort = 2681;
const waitMs = 4_000;

/**
 * Asks a query port, ours or Duo Watcher's, and prints the answer. `words` are the port, when it is not 2681,
 * and the command, when it is not status.
 */
export async function ding(host: string, words: readonly string[], io: Io): Promise<ExitCode> {
  const [first = '', ...rest] = words;
  const isPort = /^\d+$/.test(first);
  const port = isPort ? Number(first) : duoWatcherPort;
  if (port < 1 || port > 65_535) {
    say(io.stderr, `duologsync: ${first} is no port: write a number from 1 to 65535.`);
    return exitCodes.usage;
  }
  const command = (isPort ? rest : words).join(' ') || 'status';
  let answer: string | undefined;
  const silence = `no answer within ${waitMs / 1000} s`;
  let reason = silence;
  try {
    // One after the other: a command that reaches a program by two addresses would be done twice.
    for (const { address, family } of await lookup(host, { all: true })) {
      const told = await ask({ address, family, port, command }, io.clock);
      answer = told.answer;
      reason = told.refused ?? silence;
      if (told.refused === undefined) break;
    }
  } catch (error) {
    reason = messageOf(error);
  }
  if (answer === undefined) {
    say(io.stderr, `duologsync: ${host} UDP port ${port}: ${reason}`);
    say(
      io.stderr,
      '  Does it run there, is dls_settings.query_port set, does a firewall drop UDP? Other hosts may only ask for status.',
    );
    return exitCodes.unavailable;
  }
  io.stdout.write(answer.split('\n').map(printable).join('\n'));
  return /^P[0-4]/.test(answer) ? exitCodes.ok : exitCodes.failure;
}

interface Question {
  readonly address: string;
  readonly family: number;
  readonly port: number;
  readonly command: string;
}

interface Told {
  readonly answer?: string;
  /** Why the question did not arrive. */
  readonly refused?: string;
}

/** Sends one datagram, and waits for the answer that begins with the same number. */
async function ask({ address, family, port, command }: Question, clock: Clock): Promise<Told> {
  const prefix = `${Math.floor(Math.random() * 1e9)} `;
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const over = new AbortController();
  try {
    const told = new Promise<Told>((resolve) => {
      socket.on('message', (datagram) => {
        const text = datagram.toString('utf8');
        if (text.startsWith(prefix)) resolve({ answer: text.slice(prefix.length) });
      });
      socket.on('error', (error) => {
        const nobody = ['ECONNREFUSED', 'ECONNRESET'].includes(systemCode(error) ?? '');
        resolve({ refused: nobody ? 'nothing listens there' : error.message });
      });
      // Connected, it hears this address alone, and that nobody listens there.
      socket.on('connect', () => socket.send(`${prefix}${command}\n`));
      socket.connect(port, address);
    });
    return await Promise.race([told, clock.sleep(waitMs, over.signal).then((): Told => ({}))]);
  } finally {
    over.abort();
    socket.close();
  }
}
