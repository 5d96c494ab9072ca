import { counted, duration, rate } from '../core/units.ts';
import type { BackfillPart } from './parts.ts';

/** The backfill that runs; `duologsync backfill` with the same words shows more of it. */
export type SnapshotBackfill = {
  /** Nothing is sent, only counted. */
  readonly dry_run: boolean;
  /** The range: the events' own times, the end not included. */
  readonly since: string;
  readonly until: string;
  readonly elapsed_seconds: number;
  readonly feeds: number;
  readonly done: number;
  readonly failed: number;
  readonly sent: number;
  /** 0 to 1. */
  readonly part: number;
  readonly rate: number;
  readonly eta_seconds: number | null;
  /** The code of what holds it up. */
  readonly problem: string | null;
};

export function backfillOf(backfill: BackfillPart): SnapshotBackfill {
  const { dryRun, elapsedSeconds, etaSeconds, problem, ...rest } = backfill;
  return {
    ...rest,
    dry_run: dryRun,
    elapsed_seconds: elapsedSeconds,
    eta_seconds: etaSeconds,
    problem: problem?.code ?? null,
  };
}

/** One sentence for all who show it. */
export function backfillWords(backfill: SnapshotBackfill): string {
  const { dry_run: dry, since, until, sent, part, rate: perSecond, problem, failed } = backfill;
  const { eta_seconds: eta } = backfill;
  const facts = [
    percent(part),
    `${counted(sent, 'event')} ${dry ? 'counted' : 'sent'}`,
    `${rate(perSecond)}/s`,
    ...(eta === null ? [] : [`ETA ${duration(eta * 1000)}`]),
    ...(failed === 0 ? [] : [`${counted(failed, 'feed')} failed`]),
    ...(problem === null ? [] : [`held up: ${problem}`]),
  ];
  const what = dry ? 'Backfill (dry run)' : 'Backfill';
  return `${what} of ${minute(since)} to ${minute(until)}: ${facts.join(', ')}`;
}

export function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}

function minute(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)}Z`;
}
