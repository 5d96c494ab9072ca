import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  type StreamOptions,
  type StreamReceiver,
} from '../../src/simulator/siem.ts';
import { stateDirectory } from '../../src/checkpoint/state-directory.ts';
import { makeWorkplace, start, until, type Running, type Workplace } from '../helpers/program.ts';

/** For `node --import`: what happens to the system around the program. */
export const preload = pathToFileURL(join(import.meta.dirname, 'process-preload.mjs')).href;

export interface PlaceOptions {
  readonly protocol?: 'TCP' | 'TCPSSL';
  readonly receiver?: StreamOptions;
  /** Rows of a page of Duo; without it as many as there are. */
  readonly pageRows?: number;
  /** Called for each request that comes, before it is answered, with its number from 1. */
  readonly onRequest?: (number: number) => void;
  /** Further lines of the sections `api` and of the server. */
  readonly api?: readonly string[];
  readonly server?: string;
  readonly format?: 'JSON' | 'CEF';
  /** Logs that are read; `auth` alone unless set. */
  readonly endpoints?: readonly string[];
}

/** The built program between a simulated Duo and one server. */
export interface Place {
  readonly duo: DuoSimulator;
  readonly siem: StreamReceiver;
  readonly workplace: Workplace;
  /** Where the state of the account lies. */
  readonly state: string;
  /** Makes sign-ins of this moment. */
  readonly add: (count: number) => void;
  /** `faults` is for the preload. */
  readonly run: (faults?: Readonly<Record<string, string>>, ...more: readonly string[]) => Running;
  /** Of the sign-ins. */
  readonly check: () => SequenceReport;
  readonly close: () => Promise<void>;
}

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const { protocol = 'TCP', format = 'JSON', receiver = {}, api = [], server: more } = options;
  const authority = createAuthority();
  const duo = await startDuo({ authority, visibleDelayMs: 0 });
  const siem =
    protocol === 'TCP'
      ? await startTcpReceiver(receiver)
      : await startTlsReceiver({ authority, names: ['localhost'], ...receiver });
  const workplace = await makeWorkplace(
    duo,
    [
      {
        id: 'siem',
        protocol,
        port: siem.port,
        endpoints: options.endpoints ?? ['auth'],
        format,
        ...(more === undefined ? {} : { more }),
      },
    ],
    api,
  );
  const when = (request: number): boolean => {
    options.onRequest?.(request);
    return true;
  };
  duo.faults.push({ kind: 'shortPage', rows: options.pageRows ?? 1000, endpoint: 'auth', when });
  let serial = 1;
  const programs: Running[] = [];
  return {
    duo,
    siem,
    workplace,
    state: stateDirectory(workplace.state, duo.hostname),
    add: (count) => {
      const plan = { count, fromMs: Date.now() - 500, stepMs: 0, firstSerial: serial };
      duo.add('auth', makeEvents('auth', plan));
      serial += count;
    },
    run: (faults = {}, ...args) => {
      const program = start(
        ['run', workplace.configFile, '--interval', '1', '--rate', '6000', ...args],
        Object.keys(faults).length === 0
          ? {}
          : { NODE_OPTIONS: `--import=${preload}`, TEST_SERVER_PORT: String(siem.port), ...faults },
      );
      programs.push(program);
      return program;
    },
    check: () =>
      checkSequence({
        sent: duo.ledger('auth'),
        received: siem.lines(),
        format: format === 'CEF' ? 'cef' : 'json',
      }),
    close: async () => {
      await Promise.all(programs.map((program) => program.kill('SIGKILL')));
      await Promise.all([duo.close(), siem.stop()]);
      await workplace.remove();
    },
  };
}

/** Does something there, and clears up. */
export async function inPlace(
  options: PlaceOptions,
  act: (place: Place) => Promise<void>,
): Promise<void> {
  const place = await openPlace(options);
  try {
    await act(place);
  } finally {
    await place.close();
  }
}

/** Resolves when every sign-in is at the server. */
export function allThere({ check }: Place): Promise<void> {
  return until('all to arrive', () => check().lost.length === 0, 60_000);
}

/** A call comes only after the save of what the one before it brought; a poll may take two. */
export async function allSaved(place: Place): Promise<void> {
  await allThere(place);
  const calls = place.duo.journal.length;
  await until('two calls more', () => place.duo.journal.length >= calls + 2, 60_000);
}
