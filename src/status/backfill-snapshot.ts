import { counted, duration, minute, percent, rate } from '../core/units.ts';

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
