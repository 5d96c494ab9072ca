import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { BackfillProgress, ProgressRow } from '../../../src/backfill/progress.ts';
import { watchInterrupts } from '../../../src/cli/backfill/interrupts.ts';
import { requestOf } from '../../../src/cli/backfill/request.ts';
import { blockLines, endLines, plainLine } from '../../../src/cli/backfill/text.ts';
import { BackfillView } from '../../../src/cli/backfill/view.ts';
import { fakeIo } from '../fake-io.ts';

const row: ProgressRow = {
  ...{ name: 'auth > siem', endpoint: 'auth', feeds: 1, done: 0, failed: 0, state: 'reading' },
  ...{ from: '2026-10-23T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' },
  ...{ at: '2026-11-14T09:00:00.000Z', sent: 812_340, total: 1_100_000, part: 0.74 },
  ...{ rate: 1_950, eta_seconds: 240 },
};
const done: ProgressRow = {
  ...row,
  ...{ name: 'activity > siem', state: 'done', part: 1, sent: 20_110, done: 1, eta_seconds: 0 },
};
const progress: BackfillProgress = {
  ...{ schema_version: 1, key: '0123456789abcdef', state: 'running', dry_run: false },
  ...{ done_before: null, since: row.from, until: row.to ?? '', elapsed_seconds: 400 },
  ...{ sent: 832_450, set_aside: 0, rows: [row, done], problems: [], problem_count: 0 },
  ...{ duo: { limited: 2, wait_seconds: 38 }, notes: [] },
};
const window = { columns: 140, rows: 40, colour: false, ascii: false };

describe('the block of a backfill', () => {
  it('has a bar for each feed, how fast it goes and how long it takes, and Duo’s limit', () => {
    expect(blockLines(progress, window)).toEqual([
      'auth > siem      ███████████████░░░░░  74 %  812,340 ev  ETA 4 min  1,950/s  at 11-14 09:00Z  10-23 → 11-22',
      'activity > siem  ████████████████████ 100 %  20,110 ev  done  10-23 → 11-22',
      'Duo limit: waiting 38 s after 429 (2 this run)',
      'Ctrl-C keeps the place; run the same command to go on',
    ]);
  });

  it.each([40, 60, 80, 100])('fits a window of %i columns', (columns) => {
    const problem = {
      ...{ feed: 'auth > siem', code: 'server_refused', message: 'x'.repeat(200) },
      ...{ hint: null, next_try: null },
    };
    const lines = blockLines(
      { ...progress, problems: [problem], problem_count: 1 },
      { ...window, columns },
    );
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(Math.max(columns, 60));
  });

  it('is plain ASCII where that is all there is', () => {
    const text = blockLines(progress, { ...window, ascii: true }).join('\n');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('###############.....');
  });

  it('names what holds it up, at most three of many', () => {
    const problems = ['a', 'b', 'c', 'd'].map((feed) => ({
      ...{ feed, code: 'duo_timeout', message: 'no answer', hint: null },
      next_try: '2026-11-22T00:05:00.000Z',
    }));
    const lines = blockLines({ ...progress, problems, problem_count: 9 }, window);
    expect(lines.filter((line) => line.includes('duo_timeout'))).toHaveLength(3);
    expect(lines.join('\n')).toContain('6 more problems');
  });

  it('is one line without a window', () => {
    expect(plainLine(progress, Date.UTC(2026, 10, 22))).toBe(
      '2026-11-22T00:00:00Z backfill: 87 %; 832,450 events; 3,900/s; ETA 4 min; Duo limit: waiting 38 s after 429 (2 this run)',
    );
  });
});

describe('the last word of a backfill', () => {
  it('says what each server has confirmed', () => {
    const lines = endLines({ ...progress, state: 'done', rows: [done] });
    expect(lines).toEqual([
      'activity > siem: 20,110 events confirmed',
      'Done: 2026-10-23 00:00Z … 2026-11-22 00:00Z',
    ]);
  });

  it('promises no place to a dry run that was stopped', () => {
    const last = endLines({ ...progress, state: 'stopped', dry_run: true }).at(-1);
    expect(last).toBe('Stopped. Nothing sent, nothing saved.');
  });

  it('says what is left and how to go on', () => {
    const problem = {
      ...{ feed: 'auth > siem', code: 'duo_forbidden', message: 'not allowed' },
      ...{ hint: 'Grant it.', next_try: null },
    };
    const text = endLines({
      ...{ ...progress, state: 'incomplete', set_aside: 2, notes: ['a note'] },
      problems: [problem],
    }).join('\n');
    for (const part of [
      'auth > siem: 812,340 events confirmed, up to 2026-11-14 09:00Z',
      '2 events set aside: duologsync dead-letter list',
      'auth > siem: duo_forbidden: not allowed\n  Grant it.',
      'a note',
      'run the same command to go on',
    ])
      expect(text).toContain(part);
  });

  it('says that it was done before', () => {
    const text = endLines({ ...progress, state: 'done', rows: [], done_before: row.to }).join(' ');
    expect(text).toContain('This backfill is done: 832,450 events');
    expect(text).toContain('--restart');
  });
});

describe('the view of a backfill', () => {
  it('draws its block in place on a terminal, and lines above it', () => {
    const io = fakeIo({ env: { LANG: 'C.UTF-8' } });
    Object.assign(io.stdout, { isTTY: true, columns: 140, rows: 40 });
    const view = new BackfillView(io, false);
    view.show(progress);
    view.show(progress);
    view.say('the server is away');
    view.show({ ...progress, state: 'done' });
    view.end();
    expect(io.out().split('\u001b[4A\u001b[J')).toHaveLength(3);
    expect(io.err()).toBe('the server is away\n');
    expect(io.out().trimEnd().split('\n').at(-1)).toContain('Done: ');
  });

  it('is a line each ten seconds without a terminal, and JSON alone by request', () => {
    const io = fakeIo();
    const view = new BackfillView(io, false);
    view.show(progress);
    view.show(progress);
    expect(io.out().split('\n')).toHaveLength(2);
    const json = fakeIo();
    const last = new BackfillView(json, true);
    last.show(progress);
    last.show({ ...progress, state: 'done' });
    last.end();
    expect(JSON.parse(json.out())).toMatchObject({ state: 'done', sent: 832_450 });
  });
});

describe('what is typed', () => {
  const nowMs = Date.UTC(2026, 10, 25, 12);
  const key = (since: string, until?: string): string => {
    const request = requestOf({ since, ...(until === undefined ? {} : { until }) }, nowMs);
    return typeof request === 'string' ? request : request.key;
  };

  it('is the same command however a date is written, and also tomorrow', () => {
    expect(key('2026-11-20')).toBe(key('2026-11-20T00:00Z'));
    expect(key('2026-11-20')).not.toBe(key('2026-11-20', '2026-11-21'));
    const later = requestOf({ since: '30d' }, nowMs + 86_400_000);
    expect(later).toMatchObject({ key: key('30d') });
  });

  it.each([
    [{ since: 'monday' }, '--since monday is no time'],
    [{ since: '1d', until: 'soon' }, '--until soon is no time'],
    [{ since: '1d', until: '2d' }, '--until is not later than --since'],
    [{ since: '2026-12-24' }, '--since is not in the past'],
  ])('%j is refused', (options, why) => {
    expect(requestOf(options, nowMs)).toContain(why);
  });
});

describe('interrupts', () => {
  it('keep the place at the first, and do not wait at the second', () => {
    const source = new EventEmitter();
    const done: string[] = [];
    const interrupts = watchInterrupts(source);
    interrupts.first(() => done.push('first'));
    source.emit('SIGTERM');
    source.emit('SIGINT');
    interrupts.second(() => done.push('second'));
    expect([done, interrupts.signal]).toEqual([['first', 'second'], 'SIGTERM']);
    interrupts.dispose();
    expect(source.listenerCount('SIGINT')).toBe(0);
  });
});
