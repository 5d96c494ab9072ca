import type { FeedsReport, SequenceReport } from '../../src/simulator/check-sequence.ts';
import type { Slope } from './memory.ts';

export interface ServerVerdict {
  readonly id: string;
  /** Nobody confirms a datagram: what is lost is told, and held against nobody. */
  readonly mayLose: boolean;
  readonly sent: number;
  readonly report: FeedsReport;
  readonly allowedRepeats: number;
}

export interface Outcome {
  readonly servers: readonly ServerVerdict[];
  /** What the program did that it must not. */
  readonly complaints: readonly string[];
  /** Of what is in use; undefined when no life was long enough. */
  readonly slope: Slope | undefined;
}

/**
 * Growth of what is in use that a run of some minutes can tell from the backlog of the moment; a page that is
 * never let go would be hundreds.
 */
export const mostMbPerHour = 30;

/** What is wrong, in sentences; nothing when the run was good. */
export function faultsOf({ servers, complaints, slope }: Outcome): string[] {
  const faults = [...complaints];
  for (const { id, mayLose, report, allowedRepeats } of servers) {
    for (const [feed, one] of report.feeds) {
      if (one.lost.length > 0 && !mayLose) {
        faults.push(`${feed}: ${one.lost.length} lost, ${one.lost.slice(0, 3).join(', ')} …`);
      }
      if (one.malformed.length > 0) faults.push(`${feed}: malformed: ${one.malformed[0]}`);
      if (one.reordered > 0) faults.push(`${feed}: ${one.reordered} came out of order`);
    }
    const { malformed, unknown } = report.strays;
    if (malformed.length > 0) faults.push(`${id}: malformed: ${malformed[0]}`);
    if (unknown.length > 0) faults.push(`${id}: ${unknown.length} that were never sent`);
    const repeated = repeatsOf(report);
    if (repeated > allowedRepeats) {
      faults.push(`${id}: ${repeated} repeated, at most ${allowedRepeats} may be`);
    }
  }
  if (slope !== undefined && slope.mbPerHour > mostMbPerHour) {
    faults.push(`memory grows by ${slope.mbPerHour.toFixed(1)} MB an hour`);
  }
  return faults;
}

/** The rig's verdict, a line for each feed. */
export function tableOf(servers: readonly ServerVerdict[]): string {
  const head = ['feed', 'lost', 'repeated', 'reordered', 'malformed', 'torn'];
  const rows = servers.flatMap(({ report }) =>
    [...report.feeds].map(([feed, one]) => [feed, ...countsOf(one).map(String)]),
  );
  const sums = servers.map(({ id, sent, report, allowedRepeats }) => {
    const { malformed, torn, unknown } = report.strays;
    return (
      `${id}: ${sent} events, ${repeatsOf(report)} repeated of at most ${allowedRepeats}; ` +
      `of no feed: ${malformed.length} malformed, ${torn} torn, ${unknown.length} never sent`
    );
  });
  const lines = [head, ...rows].map(([feed = '', ...counts]) => {
    return feed.padEnd(32) + counts.map((count) => count.padStart(11)).join('');
  });
  return [...lines, ...sums].join('\n');
}

export function slopeText(
  slope: Slope | undefined,
  ofSystem: Slope | undefined,
  peakMb: number,
): string {
  const grows =
    ofSystem === undefined ? '' : `, growing by ${ofSystem.mbPerHour.toFixed(1)} an hour`;
  const peak = `as the system counts: peak ${peakMb.toFixed(0)} MB${grows}`;
  if (slope === undefined) return `memory: ${peak}; no life was long enough for a slope`;
  const { mbPerHour, lives, minutes } = slope;
  const long = `${lives} long ${lives === 1 ? 'life' : 'lives'}, ${minutes.toFixed(1)} minutes`;
  const limit = `at most ${mostMbPerHour}`;
  return `memory in use: ${mbPerHour.toFixed(1)} MB more an hour (${limit}) over ${long}; ${peak}`;
}

function repeatsOf({ feeds }: FeedsReport): number {
  return [...feeds.values()].reduce((sum, { repeated }) => sum + repeated, 0);
}

function countsOf(one: SequenceReport): number[] {
  return [one.lost.length, one.repeated, one.reordered, one.malformed.length, one.torn];
}
