import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Batch } from '../../src/core/types.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { makeEvents, serialIn } from '../../src/simulator/history.ts';
import { type EventSpec, textOf } from '../../src/simulator/store.ts';
import { sinks } from '../../src/sinks/index.ts';
import { freePort } from '../sinks/helpers/servers.ts';
import { batchOf, never, serverAt, testTools, until, withSink } from '../sinks/helpers/tools.ts';

export const victimFile = fileURLToPath(new URL('servers-victim.mjs', import.meta.url));
const feeds = ['a', 'b', 'c'];
const groupLines = 100;
const pageLines = 250;

export interface KillOptions {
  readonly protocol: 'TCP' | 'TCPSSL';
  readonly replayGroups: number;
  readonly lines: number;
  readonly mostKills: number;
  /** More lines than `lines` flow until there were so many. */
  readonly leastKills?: number;
  /** It dies by its own hand, so that what it had read is known; else by ours, at any instruction. */
  readonly exact: boolean;
  /** It answers before it stores. */
  readonly careless: boolean;
}

export interface KillOutcome {
  readonly report: SequenceReport;
  readonly kills: number;
  /** Events that the collector had read whole in some life and stored in none. */
  readonly readNotStored: number;
  /** What is lost although it was never read whole: nobody but us can have lost it. */
  readonly lostUnread: readonly string[];
  /** For each kill two groups that were on their way, and two that go again. */
  readonly allowedRepeats: number;
  /** Connections that went on with a TLS session of an earlier one. */
  readonly resumed: number;
}

/** Kills a collector 20 to 80 ms after each of its starts while lines of three feeds flow to it. */
export async function killCollector(options: KillOptions): Promise<KillOutcome> {
  const { protocol, lines, replayGroups, leastKills = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-kills-'));
  const authority = createAuthority();
  const pair = authority.issue({ names: ['127.0.0.1'] });
  const certFile = join(folder, 'ca.pem');
  await writeFile(certFile, authority.certPem);
  await writeFile(join(folder, 'cert.pem'), pair.certPem);
  await writeFile(join(folder, 'key.pem'), pair.keyPem);
  const port = await freePort();
  const timing = { groupLines, replayGroups, progressMs: 10_000, connectMs: 10_000 };
  const tools = testTools({ slotsTaken: () => feeds.length, timing });
  const server = serverAt(port, { protocol, certFile });
  const open = sinks[protocol].open(server, tools);
  const isInTrouble = (): boolean => open.state().trouble !== undefined;
  const victims = new Victims({ ...options, folder, port }, isInTrouble);
  const killing = victims.killAgainAndAgain();
  const [last, ...events] = [
    ...makeEvents('auth', { letter: 'z', count: 1, fromMs: 1.7e12 }),
    ...feeds.flatMap((letter) =>
      makeEvents('auth', { letter, count: lines / feeds.length, fromMs: 1.7e12 }),
    ),
  ];
  if (last === undefined) throw new Error('No events were made.');
  try {
    await withSink(open, async (sink) => {
      const pages = feeds.map(async (feed) => {
        const own = events.filter(({ serial }) => serial.startsWith(feed));
        for (let at = 0; at < own.length; at += pageLines) {
          await sink.write(pageOf(feed, own.slice(at, at + pageLines)), never);
        }
        // Where a process takes long to start, all of them are sent within a few lives.
        for (let at = own.length; victims.kills < leastKills; at += pageLines) {
          const plan = { letter: feed, count: pageLines, firstSerial: at + 1, fromMs: 1.7e12 };
          const more = makeEvents('auth', plan);
          events.push(...more);
          await sink.write(pageOf(feed, more), never);
        }
      });
      await Promise.all(pages);
      victims.isOver = true;
      await killing;
      // The last death is noticed by whatever is sent next, and only by that.
      const write = sink.write(pageOf('z', [last]), never);
      await until(() => sink.state().trouble?.code === 'server_refused');
      const survivor = await victims.start();
      await write;
      await end(survivor);
    });
    const stored = await linesIn(folder, 'stored-');
    const read = await linesIn(folder, 'read-');
    const report = checkSequence({
      sent: [...events, last],
      received: stored.whole,
      cutOff: stored.cutOff,
      format: 'json',
    });
    const lost = new Set(report.lost);
    const wereRead = new Set(read.whole.map((line) => serialIn(line) ?? ''));
    return {
      report,
      kills: victims.kills,
      readNotStored: [...wereRead].filter((serial) => lost.has(serial)).length,
      lostUnread: report.lost.filter((serial) => !wereRead.has(serial)),
      allowedRepeats: (victims.kills + 1) * 4 * groupLines,
      resumed: (await linesIn(folder, 'resumed-')).cutOff.join('').length,
    };
  } finally {
    victims.isOver = true;
    await killing;
    await rm(folder, { recursive: true, force: true });
  }
}

type Victim = ChildProcessByStdio<Writable, Readable, null>;

class Victims {
  readonly #plan: KillOptions & { readonly folder: string; readonly port: number };
  #lives = 0;
  kills = 0;
  /** Set when everything has arrived: the present life is the last that is killed. */
  isOver = false;

  readonly #isInTrouble: () => boolean;

  constructor(
    plan: KillOptions & { readonly folder: string; readonly port: number },
    isInTrouble: () => boolean,
  ) {
    this.#plan = plan;
    this.#isInTrouble = isInTrouble;
  }

  async killAgainAndAgain(): Promise<void> {
    while (!this.isOver) {
      const afterMs = 20 + Math.random() * 60;
      const isSpared = this.kills >= this.#plan.mostKills;
      const { exact } = this.#plan;
      const victim = await this.start(exact && !isSpared ? afterMs : undefined);
      const exit = once(victim, 'exit');
      if (isSpared) await until(() => this.isOver, 300_000);
      else if (!exact) await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (isSpared || !exact) victim.kill('SIGKILL');
      await exit;
      this.kills += 1;
      await this.#untilNoticed();
    }
  }

  // One that is back before anybody has called it was never away, as far as can be seen.
  async #untilNoticed(): Promise<void> {
    for (let looks = 0; looks < 2 && !this.isOver;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (this.#isInTrouble()) looks += 1;
    }
  }

  start(diesAfterMs?: number): Promise<Victim> {
    const { protocol, port, folder, careless } = this.#plan;
    const life = { life: (this.#lives += 1), careless };
    const dies = diesAfterMs === undefined ? {} : { diesAfterMs };
    return startVictim({ protocol, port, folder, ...life, ...dies });
  }
}

interface VictimOptions {
  readonly protocol: KillOptions['protocol'];
  readonly port: number;
  readonly folder: string;
  readonly life: number;
  readonly careless?: boolean;
  readonly diesAfterMs?: number;
}

/** Resolves when it listens, or has died already. */
export async function startVictim(options: VictimOptions): Promise<Victim> {
  const victim = spawn(process.execPath, [victimFile, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  victim.stdin.on('error', () => undefined);
  await Promise.race([once(victim.stdout, 'data'), once(victim, 'exit')]);
  return victim;
}

/** It stores what it still holds, and goes. */
async function end(victim: Victim): Promise<void> {
  const exit = once(victim, 'exit');
  victim.stdin.end();
  await exit;
}

/** The events' own texts, as lines. */
export function pageOf(feed: string, events: readonly EventSpec[]): Batch {
  const lines = events.map((event) => {
    const { id, timeUs } = event;
    return { id, timeMs: timeUs / 1000, bytes: Buffer.from(textOf(event)) };
  });
  return { ...batchOf(feed, 0), lines };
}

/** The whole lines of all these files, and the halves at their ends. */
export async function linesIn(folder: string, prefix: string) {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const parts = texts.map((text) => text.split('\n'));
  return {
    whole: parts.flatMap((lines) => lines.slice(0, -1)),
    cutOff: parts.flatMap((lines) => lines.slice(-1)).filter((half) => half !== ''),
  };
}
