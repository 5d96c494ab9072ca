import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { endpoints } from '../../src/endpoints/index.ts';
import { json } from '../../src/formatters/json.ts';
import { createAuthority, type Authority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import type { EventSpec } from '../../src/simulator/store.ts';
import { account, eventOf, options, origin } from '../formatters/events.ts';
import type { Collector, CollectorTls } from '../helpers/collector.ts';
import {
  forward,
  makeWorkplace,
  type Running,
  type TestServer,
  until,
  type Workplace,
} from '../helpers/program.ts';

export const logs = ['auth', 'telephony', 'activity', 'adminaction'] as const;
export type Log = (typeof logs)[number];
export const letters = { auth: 'a', telephony: 't', activity: 'c', adminaction: 'm' } as const;

/** A Duo with some events of each log, and the bytes that are to be stored of them. */
export interface Source {
  readonly duo: DuoSimulator;
  readonly authority: Authority;
  /** The rows' text and the lines that are to be made of them. */
  readonly rows: { readonly log: Log; readonly row: string }[];
  readonly jsonLines: Buffer[];
  add(log: Log, specs: readonly EventSpec[]): void;
}

/** `count` events in all, evenly of the four logs; gone with the test, as everything here. */
export async function startSource(count: number): Promise<Source> {
  const authority = createAuthority();
  const duo = await startDuo({ authority, visibleDelayMs: 0 });
  onTestFinished(() => duo.close());
  const rows: Source['rows'] = [];
  const jsonLines: Buffer[] = [];
  const add: Source['add'] = (log, specs) => {
    duo.add(log, specs);
    for (const { text } of specs) {
      const row = typeof text === 'string' ? text : text();
      rows.push({ log, row });
      jsonLines.push(jsonLine(log, row, duo.hostname));
    }
  };
  for (const log of logs) {
    const plan = { count: count / logs.length, fromMs: Date.now() - 7_200_000, stepMs: 2_000 };
    add(log, makeEvents(log, { ...plan, letter: letters[log] }));
  }
  return { duo, authority, rows, jsonLines, add };
}

/** The certificates of a receiver at localhost. */
export function tlsFor(authority: Authority, clientsToo: boolean): CollectorTls {
  const { certPem: cert, keyPem: key } = authority.issue({ names: ['localhost'] });
  return { ca: authority.certPem, cert, key, clientsToo };
}

/** A config that sends all logs to this receiver; `more` are lines of the server's section. */
export async function workplaceFor(
  { duo }: Source,
  { port }: Pick<Collector, 'port'>,
  server: Pick<TestServer, 'protocol' | 'format'>,
  more: readonly string[] = [],
): Promise<Workplace> {
  const lines = more.length === 0 ? {} : { more: more.join('\n    ') };
  const workplace = await makeWorkplace(duo, [
    { id: 'siem', port, endpoints: logs, ...server, ...lines },
  ]);
  onTestFinished(() => workplace.remove());
  return workplace;
}

function jsonLine(log: Log, row: string, apiHost: string): Buffer {
  const from = { ...origin, endpoint: log, account: { ...account, apiHost } };
  return Buffer.from(json.create(options).format(eventOf(row), from, endpoints[log].profile));
}

export async function report(
  duo: DuoSimulator,
  collector: Collector,
  format: 'json' | 'cef' = 'json',
): Promise<SequenceReport> {
  const sent = logs.flatMap((log) => duo.ledger(log));
  return checkSequence({ sent, received: await collector.lines(), format });
}

/** Runs the program until the receiver has stored so many lines, and stops it as a service manager does. */
export async function forwardUntilStored(
  workplace: Workplace,
  collector: Collector,
  lines: number,
): Promise<void> {
  const program = running(workplace);
  await untilStored(program, workplace, collector, lines);
  expect(await program.kill('SIGTERM')).toBe(0);
}

/** The program, ended with the test at the latest. */
export function running(workplace: Workplace): Running {
  const program = forward(workplace);
  onTestFinished(async () => void (await program.kill('SIGKILL')));
  return program;
}

/** Fails with what all sides say, as soon as the program has ended by itself. */
export async function untilStored(
  program: Running,
  workplace: Workplace,
  collector: Collector,
  lines: number,
): Promise<void> {
  const stored = until(
    `${lines} stored lines`,
    async () => program.process.exitCode !== null || (await collector.lines()).length >= lines,
    90_000,
  );
  const failure = await stored.then(
    () => (program.process.exitCode === null ? undefined : 'The program has ended.'),
    String,
  );
  if (failure === undefined) return;
  const words = [failure, await collector.said(), await workplace.log(), program.stderr()];
  throw new Error(words.join('\n---\n'));
}

/** Stored exactly once each, byte for byte. */
export async function expectStored(
  collector: Collector,
  expected: readonly Uint8Array[],
): Promise<void> {
  const stored = (await collector.lines()).map((line) => line.toString('latin1'));
  const wanted = new Set(expected.map((line) => Buffer.from(line).toString('latin1')));
  expect(stored.filter((line) => !wanted.has(line))).toEqual([]);
  expect(new Set(stored).size).toBe(wanted.size);
  expect(stored).toHaveLength(expected.length);
}

/**
 * Every line is there. After a broken connection at most `repeats` come twice, and one that was cut may stand
 * there as far as it came.
 */
export async function expectArrived(
  collector: Collector,
  expected: readonly Uint8Array[],
  repeats: number,
): Promise<void> {
  const lines = (await collector.lines()).map((line) => line.toString('latin1'));
  const stored = new Set(lines);
  expect(lines.length - stored.size).toBeLessThanOrEqual(repeats);
  const wanted = expected.map((line) => Buffer.from(line).toString('latin1'));
  expect(wanted.filter((line) => !stored.has(line))).toEqual([]);
  const others = [...stored].filter((line) => !wanted.includes(line));
  expect(others.filter((torn) => !wanted.some((line) => line.startsWith(torn)))).toEqual([]);
}

/** The program had nothing to complain of, and has learned that this server closes after it. */
export async function expectDrained(
  workplace: Workplace,
  protocol: string,
  port: number,
): Promise<void> {
  expect(await workplace.log()).not.toMatch(/WARNING|ERROR/);
  const learned = await stateText(workplace, 'learned.json');
  expect(JSON.parse(learned)).toMatchObject({
    values: { [`close:${protocol}:localhost:${port}`]: { closed: true } },
  });
}

/** A file of the program's state directory; empty when it is not there. */
export async function stateText(workplace: Workplace, name: string): Promise<string> {
  const found = (await readdir(workplace.state, { recursive: true })).find(
    (path) => path.split(/[\\/]/).at(-1) === name,
  );
  return found === undefined ? '' : readFile(join(workplace.state, found), 'utf8');
}
