import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueryAnswers } from '../../src/control/query-answer.ts';
import { captured, type FakeQuery, fakeQuery, thread } from './fake-query.ts';

interface Capture {
  readonly from: string;
  readonly send: string;
  readonly answer: string | null;
}

const captures = readFileSync(
  join(import.meta.dirname, '..', 'cases', 'query', 'duo-watcher-queries.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Capture);

const zone = process.env['TZ'];
const inZone = (name: string | undefined): void => {
  if (name === undefined) delete process.env['TZ'];
  else process.env['TZ'] = name;
};
beforeEach(() => inZone('UTC'));
afterEach(() => inZone(zone));

const asking = (program: FakeQuery, local = true) => {
  const answers = new QueryAnswers(program);
  return (text: string, from = local) => answers.answer(Buffer.from(text), from);
};

/** What ended the old daemon, and its silence from then on. */
const fatal = captures.findIndex(({ send }) => send === 'thread auth maxcount x');

describe('the query port', () => {
  it("answers every captured question byte for byte as Duo Watcher's daemon did", async () => {
    const program = captured();
    const ask = asking(program);
    expect(captures.length).toBe(39);
    expect(fatal).toBe(37);
    for (const [at, { from, send, answer }] of captures.slice(0, fatal).entries()) {
      const told = await ask(send, from === 'loopback');
      expect(told ?? null, `line ${at + 1}: ${send}`).toBe(answer);
      // After it was started the captured thread was told to wait.
      if (send === 'thread phone start')
        program.change('telephony', { cycleMs: Date.UTC(2026, 0, 5, 3, 51, 4), backoffMs: 1_000 });
    }
    expect(program.asked).toEqual([
      ['interval', 'auth', 60],
      ['maxcount', 'auth', 5],
      ['pause', 'telephony'],
      ['resume', 'telephony'],
      ['reopen'],
      ['reopen'],
      ['maxcount', 'adminaction', 1],
    ]);
  });

  it('outlives what ended the old daemon', async () => {
    const ask = asking(captured());
    expect(await ask('thread auth maxcount x')).toBe('P5Thread auth invalid maxcount x\n');
    expect(await ask('thread auth maxcount')).toBe('P5Thread auth invalid maxcount\n');
    expect(await ask('thread auth maxcount -1')).toBe('P5Thread auth invalid maxcount -1\n');
    expect(await ask('thread auth maxcount 0')).toBe('P2Thread auth maxcount set to 0\n');
    expect(await ask('thread auth stop')).toBe('P2Thread auth terminated\n');
    expect(await ask('thread auth stop')).toBe('P5Thread auth is not active.\n');
    expect(await ask('s')).toContain('\nauth: Idle\n');
  });

  it('takes any interval above 0, as Python reads whole numbers', async () => {
    const program = captured();
    const ask = asking(program);
    expect(await ask('thread auth interval 1')).toBe('P2Thread auth interval set to 1\n');
    expect(await ask('thread auth interval +0_7')).toBe('P2Thread auth interval set to 7\n');
    expect(await ask('thread auth interval -5')).toBe('P5Thread auth invalid interval -5\n');
    expect(await ask("thread auth interval it's")).toContain('with base 10: "it\'s"\n');
    const huge = '9'.repeat(400);
    expect(await ask(`thread auth interval ${huge}`)).toBe(
      `P5Thread auth invalid interval ${huge}\n`,
    );
    expect(program.asked.map(([, , seconds]) => seconds)).toEqual([1, 7]);
  });

  it('knows the other logs by their names, and the two old ones by both', async () => {
    const program = fakeQuery(
      thread('trustmonitor'),
      thread('offline_enrollment'),
      thread('adminaction'),
    );
    const ask = asking(program);
    expect(await ask('s')).toMatch(
      /^P0Ready\n\nadmin: .*\ntrustmonitor: .*\noffline_enrollment: .*\n$/,
    );
    expect(await ask('help')).toContain('  trustmonitor: Duo trustmonitor log watcher\n');
    expect(await ask('thread offline_enrollment stop')).toBe(
      'P2Thread offline_enrollment terminated\n',
    );
    expect(await ask('thread adminaction stop')).toBe('P2Thread adminaction terminated\n');
    expect(await ask('thread admin start')).toBe('P2Thread admin started\n');
    expect(program.asked.map(([, endpoint]) => endpoint)).toEqual([
      'offline_enrollment',
      'adminaction',
      'adminaction',
    ]);
  });

  it.each([
    ['UTC', 'At 03:50:56 up to 26-01-01 00:00:00'],
    ['America/New_York', 'At 22:50:56 up to 25-12-31 19:00:00'],
    ['Asia/Tokyo', 'At 12:50:56 up to 26-01-01 09:00:00'],
  ])('tells local times, in %s as elsewhere', async (name, expected) => {
    inZone(name);
    const told = await asking(captured())('s');
    expect(told).toContain(`auth: ${expected} count: 2 interval: 90\n`);
    expect(told).toContain('up to 70-01-01 00:00:00 count: 1');
  });

  it('shows a thread that finishes its page after it was stopped', async () => {
    const ask = asking(fakeQuery(thread('auth', { state: 'stopping' })));
    expect(await ask('s')).toContain('auth: Stopped At 03:50:56 up to ');
  });

  it('alerts by 8 for what is lost or cannot be written, by 5 for who is parked, by 6 for who is tried again', async () => {
    const program = captured();
    const ask = asking(program);
    const first = async (): Promise<string | undefined> => (await ask('s'))?.split('\n')[0];
    program.change('auth', { health: 'retried' });
    expect(await first()).toBe('P6Dead thread: auth');
    program.change('telephony', { health: 'parked' });
    expect(await first()).toBe('P5Dead thread: phone, auth');
    program.shown = { ...program.shown, gaps: 2 };
    expect(await first()).toBe('P8Gaps not acknowledged: 2; Dead thread: phone, auth');
    program.shown = { ...program.shown, disk: ['archive_full'] };
    expect(await first()).toMatch(/^P8Cannot write: archive_full; Gaps /);
  });

  it('is silent after ack until the trouble is over and comes again, or another comes', async () => {
    const program = captured();
    const ask = asking(program);
    program.change('auth', { health: 'retried', sinceMs: 1 });
    expect(await ask('ack')).toMatch(/^P0Ready\n/);
    expect(await ask('s')).toMatch(/^P0Ready\n/);
    program.change('adminaction', { health: 'parked' });
    expect(await ask('s')).toMatch(/^P5Dead thread: admin\n/);
    expect(await ask('clear')).toMatch(/^P0Ready\n/);
    program.change('auth', { sinceMs: 2 });
    expect(await ask('s')).toMatch(/^P6Dead thread: auth\n/);
  });

  it('is silent after ack while gaps get fewer, and not when one more is told', async () => {
    const program = captured();
    const ask = asking(program);
    const withGaps = async (gaps: number): Promise<string | undefined> => {
      program.shown = { ...program.shown, gaps };
      return (await ask('s'))?.split('\n')[0];
    };
    expect(await withGaps(3)).toBe('P8Gaps not acknowledged: 3');
    await ask('ack');
    expect(await withGaps(3)).toBe('P0Ready');
    expect(await withGaps(1)).toBe('P0Ready');
    expect(await withGaps(2)).toBe('P8Gaps not acknowledged: 2');
  });

  it('lets other hosts look and change nothing, not even an alert', async () => {
    const program = captured();
    const asked: (boolean | undefined)[] = [];
    program.view = async (recent) => {
      asked.push(recent);
      return program.shown;
    };
    program.change('auth', { health: 'parked' });
    const ask = asking(program);
    expect(await ask('ack', false)).toMatch(/^P5Dead thread: auth\n/);
    expect(await ask('s')).toMatch(/^P5/);
    expect(asked).toEqual([true, false]);
    for (const send of ['help', 'rotate', 'newlog', 'bogus', 'thread auth stop', 'thread x y'])
      expect(await ask(send, false)).toBeUndefined();
    expect(program.asked).toEqual([]);
  });

  it('says when the log cannot be opened anew', async () => {
    const program = captured();
    program.reopenLogs = () => Promise.reject(new Error('no right'));
    expect(await asking(program)('rotate')).toBe('P5The log file cannot be opened\n');
  });

  it('answers whatever is sent by nothing, or by one answer with an end', async () => {
    const words = fc.constantFrom(
      'thread',
      'auth',
      'phone',
      'stop',
      'start',
      'interval',
      'maxcount',
      'x',
      '0',
      '-1',
      '1e9',
      's',
      'ack',
      'help',
    );
    const made = fc.array(words, { maxLength: 6 }).map((list) => Buffer.from(list.join(' ')));
    const any = fc.oneof(made, fc.uint8Array({ maxLength: 1_100 }));
    const answers = new QueryAnswers(captured());
    await fc.assert(
      fc.asyncProperty(any, fc.boolean(), async (datagram, local) => {
        const told = await answers.answer(datagram, local);
        if (told === undefined) return;
        expect(told).toMatch(/^[0-9 ]*P[0-8][A-Z]/);
        expect(told.endsWith('\n')).toBe(true);
      }),
    );
  });
});
