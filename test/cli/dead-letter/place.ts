import { mkdir, writeFile } from 'node:fs/promises';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import type { DeadLetter, FeedGap } from '../../../src/core/types.ts';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { main } from '../../../src/cli/program.ts';
import { lettersPath, openDeadLetters } from '../../../src/dead-letter/dead-letter.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import {
  startTcpReceiver,
  startUdpReceiver,
  type StreamReceiver,
  type UdpReceiver,
} from '../../../src/simulator/siem.ts';
import { makeWorkplace, type TestServer } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

const never = new AbortController().signal;

/** A letter as the engine writes it. */
export function letter(n: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    feedId: 'auth > siem',
    account: { id: undefined, name: 'main', apiHost: 'api-1.duosecurity.com' },
    endpoint: 'auth',
    serverId: 'siem',
    eventId: `event-${n}`,
    timeMs: Date.UTC(2026, 0, 1, 0, 0, n),
    reason: 'refused',
    detail: 'no',
    line: Buffer.from(`line ${n}`),
    row: Buffer.from(`{"txid":"event-${n}","isotimestamp":"2026-01-01T00:00:00+00:00"}`),
    ...more,
  };
}

/** A config file with these servers, and a state directory as the program makes it. */
export async function openPlace(servers: readonly TestServer[]) {
  const duo = await startDuo();
  const workplace = await makeWorkplace(duo, servers);
  const state = stateDirectory(workplace.state, duo.hostname);
  const config = workplace.configFile;
  return {
    ...workplace,
    state,
    config,
    /** As the program does; what it was told is in the file when this resolves. */
    putAside: async (...letters: readonly DeadLetter[]): Promise<void> => {
      await mkdir(state, { recursive: true, mode: 0o700 });
      const gaps = { add: async (_: readonly FeedGap[]) => undefined };
      const store = await openDeadLetters({
        directory: state,
        maxBytes: 2 ** 24,
        whenFull: 'stop',
        gaps,
        clock: systemClock,
        log: silentLogger,
      });
      for (const one of letters) await store.add(one, never);
      await store.close();
    },
    /** Instead of what is in the file, without a sync for each. */
    write: (lines: readonly string[]) =>
      writeFile(lettersPath(state), lines.map((line) => `${line}\n`).join('')),
    deadLetter: async (...argv: readonly string[]) => {
      const io = fakeIo();
      const code = await main(['dead-letter', ...argv, '-c', config], io);
      return { code, out: io.out(), err: io.err() };
    },
    close: async () => {
      await duo.close();
      await workplace.remove();
    },
  };
}

/** Servers and places of one test, closed by `close` in the order in which that is well. */
export function openBench() {
  const closers: (() => Promise<unknown>)[] = [];
  const keep = <T extends { stop(): Promise<void> }>(receiver: T): T => {
    closers.push(() => receiver.stop());
    return receiver;
  };
  return {
    siem: async (): Promise<StreamReceiver> => keep(await startTcpReceiver()),
    udpSiem: async (): Promise<UdpReceiver> => keep(await startUdpReceiver()),
    place: async (...servers: readonly TestServer[]) => {
      const opened = await openPlace(servers);
      closers.push(() => opened.close());
      return opened;
    },
    close: async (): Promise<void> => {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

export function server(
  id: string,
  { port }: { readonly port: number },
  more: Partial<TestServer> = {},
): TestServer {
  return { id, protocol: 'TCP', port, endpoints: ['auth'], ...more };
}

export function textsOf(receiver: StreamReceiver | UdpReceiver): string[] {
  return receiver.lines().map((line) => line.toString());
}
