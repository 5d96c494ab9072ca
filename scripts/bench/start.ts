import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a command costs that a person waits for: wall time with all of node's start. */
export interface StartTime {
  readonly command: string;
  readonly leastMs: number;
  readonly medianMs: number;
}

const notRunning = 69;

/** `--version`, and `status` of the program while it runs with this config. */
export async function measureStarts(
  program: string,
  config: string,
  times: number,
): Promise<readonly StartTime[]> {
  const running = spawn(process.execPath, [program, 'run', config], { stdio: 'ignore' });
  try {
    while (timed(program, ['status', config]).exit === notRunning) await sleep(100);
    return [['--version'], ['status', config]].map((args) => {
      const taken = Array.from({ length: times }, () => timed(program, args).ms);
      taken.sort((a, b) => a - b);
      const [leastMs = 0] = taken;
      const medianMs = taken[Math.floor(taken.length / 2)] ?? leastMs;
      return { command: args[0] ?? '', leastMs, medianMs };
    });
  } finally {
    const ended = once(running, 'exit');
    running.kill();
    await ended;
  }
}

function timed(
  program: string,
  args: readonly string[],
): { readonly ms: number; readonly exit: number | null } {
  const begunMs = performance.now();
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'ignore' });
  return { ms: performance.now() - begunMs, exit: status };
}
