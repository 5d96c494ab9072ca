import { createHash } from 'node:crypto';
import type { Effect } from '../../src/simulator/faults.ts';

/** Numbers from 0 up to 1, the same ones for the same seed. */
export type Random = () => number;

/** What a receiver does wrong for a while. */
export type SiemFault =
  | { readonly kind: 'kill' }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'never' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'reset early' | 'end early'; readonly afterBytes: number }
  | { readonly kind: 'late end'; readonly delayMs: number };

/** What Duo answers to the next calls; `times` of them. */
export interface DuoFault {
  readonly kind: 'duo';
  readonly endpoint: string;
  readonly times: number;
  readonly effect: Effect;
}

/** `burst`: so many events of one log at once. */
export type WorldFault =
  DuoFault | { readonly kind: 'burst'; readonly endpoint: string; readonly events: number };

export interface ProgramFault {
  /** `stop`: as a service manager does; `suspend`: SIGSTOP, later SIGCONT; `rotate`: its log is moved away. */
  readonly kind: 'kill -9' | 'stop' | 'suspend' | 'rotate';
}

export type Step =
  | Timed<'tcp' | 'tls' | 'udp', SiemFault>
  | Timed<'duo', WorldFault>
  | Timed<'program', ProgramFault>;

interface Timed<L, F> {
  readonly lane: L;
  readonly atMs: number;
  /** How long it lasts; what Duo does wrong is counted in calls instead. */
  readonly forMs: number;
  readonly fault: F;
}

export const logs = ['auth', 'telephony', 'activity', 'adminaction'] as const;

/** The first seconds are quiet, so that each server has closed a connection once. */
const quietMs = 5_000;

/** All that goes wrong in a run of that length, in the order of time; depends on nothing else. */
export function scheduleOf(seed: string, durationMs: number): readonly Step[] {
  const steps: Step[] = [];
  for (const lane of ['tcp', 'tls', 'udp', 'duo', 'program'] as const) {
    const random = randomOf(`${seed} ${lane}`);
    let atMs = quietMs + between(random, 0, 5_000);
    while (atMs < durationMs - 2_000) {
      const step = stepOf(lane, Math.round(atMs), durationMs, random);
      if (step.atMs + step.forMs > durationMs) break;
      steps.push(step);
      atMs = step.atMs + step.forMs + pauseMs(lane, durationMs, random);
    }
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

/** SHA-256 of seed and number: slow, and the same on every machine. */
export function randomOf(seed: string): Random {
  let number = 0;
  return () => {
    number += 1;
    return createHash('sha256').update(`${seed} ${number}`).digest().readUInt32BE() / 2 ** 32;
  };
}

export function between(random: Random, from: number, to: number): number {
  return from + random() * (to - from);
}

function pick<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

function pauseMs(lane: Step['lane'], durationMs: number, random: Random): number {
  const pause = between(random, 0.5, 1.5);
  if (lane === 'duo') return 6_000 * pause;
  if (lane !== 'program') return 12_000 * pause;
  return Math.min(40_000, durationMs / 6) * pause;
}

/**
 * The program is killed and stopped in the first quarter of a run of ten minutes or more; the rest is
 * one long life, or nothing could be said of its memory.
 */
function stepOf(lane: Step['lane'], atMs: number, durationMs: number, random: Random): Step {
  const mostMs = Math.min(40_000, durationMs / 6);
  // Mostly short, sometimes longer than the program waits for progress.
  const forMs = Math.round(mostMs * between(random, 0.05, 1) ** 2);
  if (lane === 'duo') return { lane, atMs, forMs: 0, fault: worldFault(random) };
  if (lane === 'program') {
    const lives = durationMs < 600_000 || atMs < durationMs * 0.25;
    const kind = lives
      ? pick(random, ['kill -9', 'stop', 'suspend', 'rotate'] as const)
      : pick(random, ['suspend', 'rotate'] as const);
    return { lane, atMs, forMs: kind === 'rotate' ? 0 : Math.min(forMs, 15_000), fault: { kind } };
  }
  return { lane, atMs, forMs, fault: lane === 'udp' ? udpFault(random) : streamFault(random) };
}

function udpFault(random: Random): SiemFault {
  return { kind: pick(random, ['kill', 'freeze', 'refuse'] as const) };
}

function streamFault(random: Random): SiemFault {
  const afterBytes = Math.round(between(random, 1, 30_000));
  return pick<SiemFault>(random, [
    { kind: 'kill' },
    { kind: 'kill' },
    { kind: 'freeze' },
    { kind: 'refuse' },
    { kind: 'reset' },
    { kind: 'never' },
    { kind: 'slow', bytesPerSecond: Math.round(between(random, 5_000, 60_000)) },
    { kind: 'reset early', afterBytes },
    { kind: 'end early', afterBytes },
    { kind: 'late end', delayMs: Math.round(between(random, 500, 4_000)) },
  ]);
}

function worldFault(random: Random): WorldFault {
  const endpoint = pick(random, logs);
  if (random() < 0.12) {
    return { kind: 'burst', endpoint, events: Math.round(between(random, 50, 600)) };
  }
  const few = Math.round(between(random, 1, 3));
  const many = Math.round(between(random, 5, 30));
  const [effect, times] = pick<readonly [Effect, number]>(random, [
    [{ kind: 'tooManyRequests', html: random() < 0.5 }, 1],
    [{ kind: 'status', status: pick(random, [500, 502, 503, 504]) }, few],
    [{ kind: 'status', status: 200, body: '<html>Log in</html>' }, few],
    [{ kind: 'truncatedJson' }, few],
    [{ kind: 'cutBeforeHeaders' }, few],
    [{ kind: 'cutMidBody' }, few],
    [{ kind: 'wrongShape' }, 1],
    [{ kind: 'slowDrip', bytesPerSecond: Math.round(between(random, 2_000, 40_000)) }, 1],
    [{ kind: 'emptyPageWithCursor' }, few],
    [{ kind: 'cursorLoop' }, 1],
    [{ kind: 'shortPage', rows: Math.round(between(random, 1, 40)) }, many],
    [{ kind: 'shortPage', rows: Math.round(between(random, 1, 40)) }, many],
  ]);
  return { kind: 'duo', endpoint, times, effect };
}

/** One line for the log of a run. */
export function describeStep({ lane, forMs, fault }: Step): string {
  const lasting = forMs > 0 ? ` for ${(forMs / 1000).toFixed(1)} s` : '';
  if (fault.kind === 'burst') return `${fault.endpoint}: ${fault.events} events at once`;
  if (fault.kind === 'duo') {
    const { kind, ...more } = fault.effect;
    const detail = Object.entries(more).map(([name, value]) => ` ${name}=${String(value)}`);
    return `duo: ${fault.endpoint} ${kind}${detail.join('')}, ${fault.times} times`;
  }
  const { kind, ...more } = fault;
  const detail = Object.entries(more).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${lane}: ${kind}${detail.join('')}${lasting}`;
}
