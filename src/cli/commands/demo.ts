import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkSequence, type SequenceReport } from '../../simulator/check-sequence.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { setScene, type DemoServer, type Scene } from '../demo/scene.ts';
import { type Io, say } from '../io.ts';

const deadlineMs = 90_000;
const outageMs = 4_000;
const stopWithinMs = 35_000;
const shownWidth = 200;

/** The real program against a simulated Duo and local servers; ends by itself with what was lost: nothing. */
export async function demo(options: { readonly keep?: boolean }, io: Io): Promise<ExitCode> {
  const scene = await setScene();
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  let program: ChildProcess | undefined;
  try {
    introduce(scene, io);
    program = startProgram(scene);
    return await play(scene, program, options.keep === true, stop.signal, io);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    program?.kill('SIGKILL');
    await scene.close();
  }
}

function introduce({ duo, servers, page, configFile }: Scene, io: Io): void {
  say(io.stdout, `Simulated Duo   https://${duo.hostname}   an hour of history, then new events`);
  for (const { id, protocol, port, format, logs } of servers) {
    const what = `${format.toUpperCase()}: ${logs.join(', ')}`;
    say(io.stdout, `Server          ${id}  ${protocol} localhost:${port}  ${what}`);
  }
  say(io.stdout, `Status page     ${page}`);
  say(io.stdout, `Program         duologsync ${configFile}\n`);
}

function startProgram({ configFile }: Scene): ChildProcess {
  const main = fileURLToPath(new URL('../../main.js', import.meta.url));
  const fast = ['--interval', '1', '--rate', '6000'];
  const program = spawn(process.execPath, [main, 'run', configFile, ...fast], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  program.stderr?.resume();
  return program;
}

async function play(
  scene: Scene,
  program: ChildProcess,
  keep: boolean,
  stop: AbortSignal,
  io: Io,
): Promise<ExitCode> {
  const ended = once(program, 'exit');
  let code: number | undefined;
  program.once('exit', (exit) => (code = exit ?? 1));
  const pause = (ms: number): Promise<void> => io.clock.sleep(ms, stop);
  const never = new AbortController().signal;
  // Also after Ctrl-C: what is on its way still comes, and the summary is about all of it.
  const arrived = async (): Promise<void> => {
    const until = io.clock.monotonicMs() + deadlineMs;
    while (due(scene) > 0 && io.clock.monotonicMs() < until && code === undefined) {
      await io.clock.sleep(200, never);
    }
  };
  await arrived();
  showSamples(scene, io);
  do {
    say(io.stdout, `siem-tcp goes down; Duo goes on.   (${count(scene)})`);
    await scene.outage.stop();
    for (let passed = 0; passed < outageMs && !stop.aborted; passed += 500) {
      scene.addNow(5);
      await pause(500);
    }
    say(io.stdout, `siem-tcp is back.                  (${count(scene)})`);
    await scene.outage.start();
    await arrived();
    say(io.stdout, `All that happened has arrived.     (${count(scene)})`);
    // Whoever looks at the status page sees something happen.
    for (let passed = 0; keep && passed < 20_000 && !stop.aborted; passed += 1_000) {
      scene.addNow(1);
      await pause(1_000);
    }
  } while (keep && !stop.aborted && code === undefined);
  program.kill('SIGTERM');
  const waited = new AbortController();
  await Promise.race([ended, io.clock.sleep(stopWithinMs, waited.signal)]);
  waited.abort();
  return summary(scene, io);
}

/** How many events have not come to each server yet, in all. */
function due(scene: Scene): number {
  return scene.servers.reduce((sum, server) => sum + reportOf(server, scene).lost.length, 0);
}

function count(scene: Scene): string {
  const parts = scene.servers.map((server) => {
    const sent = sentTo(server, scene).length;
    return `${server.id} ${sent - reportOf(server, scene).lost.length}/${sent}`;
  });
  return parts.join('  ');
}

function reportOf(server: DemoServer, scene: Scene): SequenceReport {
  const { format } = server;
  return checkSequence({ sent: sentTo(server, scene), received: server.lines(), format });
}

function sentTo({ logs }: DemoServer, { duo }: Scene): { serial: string }[] {
  return logs.flatMap((log) => duo.ledger(log));
}

function showSamples({ servers }: Scene, io: Io): void {
  for (const server of servers) {
    say(io.stdout, `${server.id} gets lines like this:`);
    const line = server.lines().at(-1)?.toString('utf8') ?? '(nothing)';
    say(io.stdout, `  ${line.length > shownWidth ? `${line.slice(0, shownWidth)} …` : line}\n`);
  }
}

async function summary(scene: Scene, io: Io): Promise<ExitCode> {
  let lost = 0;
  let wrong = 0;
  say(io.stdout, '');
  for (const server of scene.servers) {
    const sent = sentTo(server, scene);
    const report = reportOf(server, scene);
    lost += report.lost.length;
    wrong += report.malformed.length + report.unknown.length;
    const { repeated, malformed } = report;
    const detail = `lost ${report.lost.length}, repeated ${repeated}, malformed ${malformed.length}`;
    say(io.stdout, `${server.id.padEnd(9)} ${String(sent.length).padStart(5)} events: ${detail}`);
  }
  say(
    io.stdout,
    'Repeated: after an outage the last two groups go again, in case the server lost what it had read.',
  );
  say(io.stdout, `lost ${lost}`);
  if (lost === 0 && wrong === 0) return exitCodes.ok;
  const log = await readFile(scene.logFile, 'utf8').catch(() => '');
  say(io.stderr, `The program's log:\n${log}`);
  return exitCodes.failure;
}
