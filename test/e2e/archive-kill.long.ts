import { expect, it } from 'vitest';
import { killWhileArchiving } from './archive-kills.ts';

/** `npm run archive-kills -- --events N --kills N --rows N` sets them. */
function size(name: 'EVENTS' | 'KILLS' | 'ROWS', usual: number): number {
  return Number(process.env[`DUOLOGSYNC_ARCHIVE_${name}`] ?? usual);
}
/** Five logs of the same length. */
const events = Math.floor(size('EVENTS', 50_000) / 5) * 5;
const kills = size('KILLS', 100);
const rowsPerPage = size('ROWS', 10);

it(
  'archives every event of five logs exactly once when killed again and again while it writes',
  async () => {
    const { report, ...outcome } = await killWhileArchiving({ kills, events, rowsPerPage });
    const { struck, cuts, files, seconds } = outcome;
    console.log(
      `${struck} of ${kills} kills struck, ${cuts} times a log was cut back, ${outcome.events} events in ${files} files, ` +
        `${seconds} s: lost ${report.lost.length}, repeated ${report.repeated}`,
    );
    expect(report).toEqual({ lost: [], repeated: 0, malformed: [], unknown: [] });
    // A kill that finds nothing under way proves nothing.
    expect(outcome).toMatchObject({ events, struck: kills, misplaced: 0, leftovers: [] });
    expect(cuts).toBeGreaterThan(kills / 20);
  },
  Math.max(600_000, events * 3),
);
