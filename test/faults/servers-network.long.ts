import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { type DuoSimulator, startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { ArchiveProgress } from '../e2e/archive-progress.ts';
import { type Machine, startNetwork } from '../helpers/network.ts';
import { mainFile, makeWorkplace, until, type Workplace } from '../helpers/program.ts';
import { linesIn, victimFile } from './servers-kills.ts';

const protocols = ['TCP', 'TCPSSL'] as const;
const collectors = {
  TCP: { port: 9001, life: 'plain' },
  TCPSSL: { port: 9002, life: 'tls' },
} as const;
const eventsPerRound = 6_000;
// Groups of a thousand lines at most, and a collector that rests between two reads: each takes a second.
const restMs = 40;
const pace = 'max_events_per_second: 2000';

/** The program on one machine, a collector for each protocol on the other; Duo is reached in another way. */
async function setUp() {
  const network = await startNetwork();
  onTestFinished(() => network.remove());
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-network-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const authority = createAuthority();
  const pair = authority.issue({ names: [network.far.address] });
  await writeFile(join(folder, 'cert.pem'), pair.certPem);
  await writeFile(join(folder, 'key.pem'), pair.keyPem);
  for (const protocol of protocols) {
    const options = {
      protocol,
      host: network.far.address,
      folder,
      restMs,
      ...collectors[protocol],
    };
    await up(network.far.spawn(process.execPath, [victimFile, JSON.stringify(options)]));
  }
  const duo = await startDuo({ authority, visibleDelayMs: 0 });
  onTestFinished(() => duo.close());
  await bridge(network.near, duo, folder);
  const workplace = await makeWorkplace(
    duo,
    protocols.map((protocol) => {
      const more = { port: collectors[protocol].port, hostname: network.far.address, more: pace };
      return { id: protocol, protocol, endpoints: ['auth'], ...more };
    }),
  );
  onTestFinished(() => workplace.remove());
  let serial = 1;
  /** Says how many there are then in all. */
  const add = (): number => {
    const plan = { count: eventsPerRound, fromMs: Date.now() - 1_000, stepMs: 0 };
    duo.add('auth', makeEvents('auth', { ...plan, firstSerial: serial }));
    serial += eventsPerRound;
    return serial - 1;
  };
  const report = async (protocol: (typeof protocols)[number]): Promise<SequenceReport> => {
    const { whole, cutOff } = await linesIn(folder, `stored-${collectors[protocol].life}`);
    return checkSequence({ sent: duo.ledger('auth'), received: whole, cutOff, format: 'json' });
  };
  const run = (): ChildProcess => {
    const args = [mainFile, 'run', workplace.configFile, '--interval', '1', '--rate', '6000'];
    const program = network.near.spawn(process.execPath, args);
    program.stdout?.resume();
    onTestFinished(() => void program.kill('SIGKILL'));
    return program;
  };
  return { network, folder, workplace, add, report, run };
}

/** Unix sockets know no network: what is called on this machine's loopback comes out here. */
async function bridge(machine: Machine, duo: DuoSimulator, folder: string): Promise<void> {
  const path = join(folder, 'duo.sock');
  const port = Number(duo.hostname.split(':')[1]);
  const server = createServer((socket) => {
    const inner = connect(port, '127.0.0.1');
    socket.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => socket.destroy()).pipe(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const script = `
    const { connect, createServer } = require('node:net');
    createServer((socket) => {
      const outer = connect(${JSON.stringify(path)});
      socket.on('error', () => outer.destroy()).pipe(outer);
      outer.on('error', () => socket.destroy()).pipe(socket);
    }).listen(${port}, () => process.stdout.write('up'));
    process.stdin.on('end', () => process.exit()).resume();`;
  await up(machine.spawn(process.execPath, ['-e', script]));
}

/** Counts what the collectors have written into these files. */
function linesOf(folder: string, prefix: string): ArchiveProgress {
  const names = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith(prefix));
  return new ArchiveProgress(folder, names);
}

/** Ends with the test, by the end of its stdin. */
async function up(child: ChildProcess): Promise<void> {
  onTestFinished(() => void child.stdin?.end());
  if (child.stdout !== null) await once(child.stdout, 'data');
}

/** Both servers are told to be in trouble of that kind; says what was told instead when that does not come. */
async function untilTrouble(workplace: Workplace, codes: string): Promise<void> {
  const isTold = async (): Promise<boolean> => {
    const log = await workplace.log();
    return protocols.every((id) => new RegExp(`server=${id} code=(${codes})`).test(log));
  };
  await until(codes, isTold, 90_000).catch(async (error: unknown) => {
    throw new Error(await workplace.log(), { cause: error });
  });
}

// Network namespaces are Linux's; test/sinks/dial.test.ts and conversation.test.ts hold the rest elsewhere.
describe.runIf(process.platform === 'linux')('A network that swallows packets', () => {
  it('in the middle of groups is noticed, counts nothing as sent, and costs repeats of four groups at most', async () => {
    const { network, folder, workplace, add, report, run } = await setUp();
    const program = run();
    const counters = protocols.map((protocol) => {
      const { life } = collectors[protocol];
      return { stored: linesOf(folder, `stored-${life}`), read: linesOf(folder, `read-${life}`) };
    });
    const both = () =>
      Promise.all(
        counters.map(async ({ stored, read }) => {
          return { stored: await stored.lines(), read: await read.lines() };
        }),
      );
    let cuts = 0;
    const cutInTheMiddle = async (): Promise<boolean> => {
      let added = add();
      // In the middle of groups that are not the first.
      const areReading = async (): Promise<boolean> => {
        const now = await both();
        // A few seconds of flow, in which both need not have come to such a moment together.
        if (now.every(({ stored }) => stored >= added)) added = add();
        return now.every(
          ({ stored, read }) => stored > 0 && read > stored + 50 && read < stored + 600,
        );
      };
      await until('lines on both ways', areReading, 90_000);
      network.cut();
      cuts += 1;
      // What was on its way already is still read.
      let before = '';
      await until(
        'nothing more to come',
        async () => {
          const now = JSON.stringify(await both());
          return now === before || ((before = now), false);
        },
        30_000,
        1_000,
      );
      return (await both()).some(({ stored, read }) => read > stored);
    };
    // A busy machine takes its time to cut, and both groups may be over by then.
    while (!(await cutInTheMiddle())) network.mend();
    // One that was between two groups after all is not there for the next.
    await untilTrouble(workplace, 'server_stalled|server_unreachable|server_timeout');
    // A connection that was to be opened is given up before one that stands still.
    const isStalled = async (): Promise<boolean> =>
      (await workplace.log()).includes('code=server_stalled');
    await until('a group that stands still', isStalled, 90_000);
    for (const protocol of protocols) {
      expect((await report(protocol)).lost.length).toBeGreaterThan(0);
    }
    add();
    network.mend();
    for (const protocol of protocols) {
      await until('all lines', async () => (await report(protocol)).lost.length === 0, 180_000);
    }
    const exit = once(program, 'exit');
    program.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    for (const protocol of protocols) {
      const { lost, repeated, malformed, unknown, torn } = await report(protocol);
      console.log(`${protocol}: lost ${lost.length}, repeated ${repeated}, torn ${torn}`);
      expect({ lost, malformed, unknown }).toEqual({ lost: [], malformed: [], unknown: [] });
      expect(repeated).toBeLessThanOrEqual(cuts * 4 * 1_000);
    }
  }, 400_000);

  it('from the start is told as a server that does not answer, and then everything comes once', async () => {
    const { network, workplace, add, report, run } = await setUp();
    network.cut();
    add();
    const program = run();
    await untilTrouble(workplace, 'server_timeout|server_unreachable');
    network.mend();
    for (const protocol of protocols) {
      await until('all lines', async () => (await report(protocol)).lost.length === 0, 180_000);
    }
    const exit = once(program, 'exit');
    program.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    for (const protocol of protocols) {
      expect(await report(protocol)).toMatchObject({
        lost: [],
        repeated: 0,
        malformed: [],
        torn: 0,
      });
    }
  }, 400_000);
});
