/**
 * `npm run soak -- --minutes N [--seed S] [--children M]`: the built program against a simulated Duo and
 * servers that misbehave at random. At the end all is well again and everything has to arrive; the checker
 * says for each feed what was lost, repeated, reordered, malformed or torn. The same seed, length and number of
 * children make the same schedule. Exit 0 when nothing was lost (UDP aside), repeats are within their bound
 * and memory is flat; else the files are kept.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthority } from '../src/simulator/certificates.ts';
import { checkFeeds } from '../src/simulator/check-sequence.ts';
import { caFileIn, configText, formatOf, rereadMinutes } from './soak/config.ts';
import { peakMb, slopeOf } from './soak/memory.ts';
import { Program } from './soak/program.ts';
import { allowedRepeats } from './soak/repeats.ts';
import { type Step, describeStep, scheduleOf } from './soak/schedule.ts';
import { Siem, pause } from './soak/siem.ts';
import { type ServerVerdict, faultsOf, slopeText, tableOf } from './soak/verdict.ts';
import { World, mostChildren } from './soak/world.ts';

const tickMs = 250;
const eventsPerSecond = 12;
/** A back-off of a minute, Duo's block after a 429 doubled twice, and a re-read. */
const drainMs = 480_000;
/** UDP is done when nothing came for so long. */
const quietMs = 20_000;

interface Soak {
  readonly durationMs: number;
  readonly world: World;
  readonly siems: readonly Siem[];
  readonly program: Program;
  readonly startedMs: number;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    children: { type: 'string', default: '0' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const children = Number(values.children);
if (!(durationMs >= 30_000)) throw new Error('--minutes must be a number from 0.5');
if (!(Number.isInteger(children) && children >= 0 && children <= mostChildren)) {
  throw new Error(`--children must be a whole number from 0 to ${mostChildren}`);
}
process.exitCode = await main(values.seed);

async function main(seed: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'duologsync-soak-'));
  print(
    `soak of ${values.minutes} minutes, seed ${seed}, children ${children}, files in ${folder}`,
  );
  const soak = await setUp(folder, seed);
  let faults = ['the soak itself failed'];
  try {
    await run(soak, scheduleOf(seed, durationMs));
    await drain(soak);
    await soak.program.stop();
    faults = await judge(soak);
  } finally {
    await soak.program.kill();
    await Promise.all(soak.siems.map((siem) => siem.kill()));
    await soak.world.close();
  }
  if (faults.length === 0) await rm(folder, { recursive: true, force: true });
  else print(`seed ${seed}: not well; the files are kept in ${folder}\n  ${faults.join('\n  ')}`);
  if (faults.length === 0) print(`seed ${seed}: well`);
  return faults.length === 0 ? 0 : 1;
}

async function setUp(folder: string, seed: string): Promise<Soak> {
  const authority = createAuthority();
  const mostLateMs = Math.min(90_000, durationMs / 6);
  const world = await World.open({ authority, seed, children, eventsPerSecond, mostLateMs });
  const leaf = authority.issue({ names: ['localhost'] });
  const certificate = { certPem: leaf.certPem, keyPem: leaf.keyPem };
  const siems = (['TCP', 'TCPSSL', 'UDP'] as const).map((protocol) => {
    const id = { TCP: 'tcp', TCPSSL: 'tls', UDP: 'udp' }[protocol];
    return new Siem(id, protocol, join(folder, `${id}.log`), certificate);
  });
  await Promise.all(siems.map((siem) => siem.start()));
  await writeFile(caFileIn(folder), authority.certPem);
  await writeFile(join(folder, 'config.yml'), configText(folder, world, siems));
  const args = ['--interval', '1', '--rate', '6000', '--list', '5'];
  const program = new Program(folder, args, (happening) => {
    for (const { happenings } of siems) happenings.push(happening);
  });
  return { durationMs, world, siems, program, startedMs: Date.now() };
}

/** Events come all the time; each lane does its steps one after the other. */
async function run(soak: Soak, steps: readonly Step[]): Promise<void> {
  const { world, program, startedMs } = soak;
  program.start();
  const ticking = setInterval(() => world.tick(), tickMs);
  const lanes = [...new Set(steps.map(({ lane }) => lane))].map(async (lane) => {
    for (const step of steps.filter((one) => one.lane === lane)) {
      await pause(startedMs + step.atMs - Date.now());
      print(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(7)} ${describeStep(step)}`);
      await play(step, soak);
    }
  });
  await Promise.all([...lanes, pause(soak.durationMs)]);
  clearInterval(ticking);
  world.tick();
  world.duo.faults.clear();
}

async function play(step: Step, { world, siems, program }: Soak): Promise<void> {
  if (step.lane === 'duo') world.apply(step.fault);
  else if (step.lane === 'program') await program.suffer(step.fault, step.forMs);
  else await siems.find(({ id }) => id === step.lane)?.misbehave(step.fault, step.forMs);
}

/** Until everything has arrived, the latest event and a re-read included. */
async function drain({ world, siems, startedMs }: Soak): Promise<void> {
  const serials = [...world.sent().values()].flat().map(({ serial }) => serial);
  print(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(7)} all is well again`);
  const deadlineMs = Date.now() + drainMs;
  let lastNews = { timeMs: Date.now(), arrived: 0 };
  for (;;) {
    const sets = await Promise.all(siems.map((siem) => siem.arrived()));
    const missing = sets.map((set) => serials.filter((serial) => !set.has(serial)).length);
    const arrived = sets.reduce((sum, set) => sum + set.size, 0);
    if (arrived > lastNews.arrived) lastNews = { timeMs: Date.now(), arrived };
    const confirmed = missing.filter((_, index) => siems[index]?.protocol !== 'UDP');
    const isQuiet = Date.now() - lastNews.timeMs > rereadMinutes * 60_000 + quietMs;
    const isThere = missing.every((count) => count === 0);
    if (isThere || (isQuiet && confirmed.every((count) => count === 0))) break;
    if (Date.now() > deadlineMs) {
      print(`still missing: ${siems.map(({ id }, index) => `${id} ${missing[index]}`).join(', ')}`);
      break;
    }
    await pause(1_000);
  }
  print(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(7)} everything is drained`);
}

async function judge({ world, siems, program }: Soak): Promise<string[]> {
  const sent = world.sent();
  const servers: ServerVerdict[] = [];
  for (const siem of siems) {
    const feeds = [...sent].map(([source, rows]) => [`${source} > ${siem.id}`, rows] as const);
    const received = await siem.lines();
    const told = siem.happenings.reduce(
      (sum, one) => (one.kind === 'connection' ? sum + one.lines : sum),
      0,
    );
    // What a killed server had read, it could tell nobody.
    const untold = siem.protocol === 'UDP' ? 0 : received.length - told;
    const { cutOff, protocol } = siem;
    servers.push({
      id: siem.id,
      mayLose: protocol === 'UDP',
      sent: feeds.reduce((sum, [, rows]) => sum + rows.length, 0),
      report: checkFeeds({
        feeds: new Map(feeds),
        received,
        cutOff,
        format: formatOf(protocol),
      }),
      allowedRepeats: allowedRepeats(siem.happenings, world.pageLines()) + untold,
    });
  }
  const memory = await program.memory();
  const slope = slopeOf(memory, 'liveBytes');
  print(`\n${tableOf(servers)}`);
  print(
    `program: ${program.lives} lives; ${slopeText(slope, slopeOf(memory, 'rssBytes'), peakMb(memory))}`,
  );
  const complaints = [...program.complaints, ...(await setAside(program))];
  return faultsOf({ servers, complaints, slope });
}

/** A server that resets what it reads must not make the program give up an event. */
async function setAside({ folder }: Program): Promise<string[]> {
  const names = await readdir(join(folder, 'state'), { recursive: true });
  const files = names.filter((name) => name.endsWith('dead-letters.jsonl'));
  const texts = await Promise.all(
    files.map((file) => readFile(join(folder, 'state', file), 'utf8')),
  );
  const count = texts.join('').split('\n').length - 1;
  return count === 0 ? [] : [`${count} events were put aside as dead letters`];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
