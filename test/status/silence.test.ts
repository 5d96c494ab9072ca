import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import type { FeedPart, FeedState, SilencePart } from '../../src/status/parts.ts';
import { problemsOf } from '../../src/status/problems.ts';
import { silenceProblems, silencesOf } from '../../src/status/silence.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from './parts.ts';

const hourMs = 3_600_000;
const child = (n: number) => ({ id: `DA${n}`, name: `Child ${n}` });

function silence(
  feeds: readonly FeedPart[],
  hours = 6,
  more: { readonly startedMs?: number; readonly servers?: ReturnType<typeof serverPart>[] } = {},
): SilencePart {
  const { startedMs = nowMs - 72 * hourMs, servers = [serverPart('siem')] } = more;
  const [found] = silencesOf({ feeds, servers, startedMs, alertAfter: { auth: hours } });
  if (found === undefined) throw new Error('auth is not watched');
  return found;
}

const quiet = (hours: number, more: Partial<FeedState> = {}): Partial<FeedState> => ({
  lastEventMs: nowMs - hours * hourMs,
  confirmedToMs: nowMs,
  ...more,
});

describe('a log', () => {
  it('is silent when it has had no event for so long, and not a moment earlier', () => {
    expect(silence([feedPart('auth', quiet(5.999))]).isSilent).toBe(false);
    expect(silence([feedPart('auth', quiet(6))]).isSilent).toBe(true);
    expect(silence([feedPart('auth', quiet(0.5))], 0.5).isSilent).toBe(true);
  });

  it('is silent since its newest event', () => {
    expect(silence([feedPart('auth', quiet(7))]).sinceMs).toBe(nowMs - 7 * hourMs);
  });

  it('is not silent as long as any account has events: a small one is quiet by nature', () => {
    const feeds = [1, 2, 3].map((n) => feedPart('auth', quiet(n * 100), { account: child(n) }));
    expect(silence(feeds)).toMatchObject({ isSilent: true, accounts: 3 });
    const busy = feedPart('auth', quiet(1), { account: child(4) });
    expect(silence([...feeds, busy]).isSilent).toBe(false);
  });

  it('counts from the start when no event of it is known', () => {
    const feed = feedPart('auth', { lastEventMs: undefined, confirmedToMs: nowMs });
    expect(silence([feed], 6, { startedMs: nowMs - 5 * hourMs }).isSilent).toBe(false);
    expect(silence([feed], 6, { startedMs: nowMs - 7 * hourMs })).toMatchObject({
      isSilent: true,
      sinceMs: nowMs - 7 * hourMs,
    });
  });

  it('counts from when it was mapped when that was later', () => {
    const feed = (hours: number): FeedPart =>
      feedPart('auth', {
        ...{ lastEventMs: undefined, confirmedToMs: nowMs },
        createdMs: nowMs - hours * hourMs,
      });
    expect(silence([feed(1)])).toMatchObject({ isSilent: false, sinceMs: nowMs - hourMs });
    expect(silence([feed(1), feed(7)])).toMatchObject({ isSilent: true });
    expect(silence([feed(100)])).toMatchObject({ sinceMs: nowMs - 72 * hourMs });
  });

  it('counts from the event before the start when the checkpoint knows it', () => {
    const takenBeforeMs = nowMs - 8 * hourMs;
    const feed = feedPart('auth', { lastEventMs: undefined, takenBeforeMs, confirmedToMs: nowMs });
    expect(silence([feed], 6, { startedMs: nowMs - 60_000 })).toMatchObject({
      isSilent: true,
      sinceMs: takenBeforeMs,
    });
  });

  it('is not older for an event that Duo showed late', () => {
    const late = { lastEventMs: nowMs - 6.4 * hourMs, takenBeforeMs: nowMs - 5.9 * hourMs };
    expect(silence([feedPart('auth', { ...late, confirmedToMs: nowMs })]).isSilent).toBe(false);
  });

  it('is silent only as far as it was read', () => {
    const behind = feedPart('auth', quiet(10, { confirmedToMs: nowMs - 5 * hourMs }));
    expect(silence([behind]).isSilent).toBe(false);
  });

  const trouble = new ForwarderError('duo_forbidden', '403');
  it.each<[string, FeedPart]>([
    ['is paused', feedPart('auth', quiet(10), { pausedSinceMs: nowMs - 60_000 })],
    ['is catching up', feedPart('auth', quiet(10, { phase: 'catching up' }))],
    ['has just started', feedPart('auth', quiet(10, { phase: 'starting' }))],
    ['is in trouble', feedPart('auth', quiet(10, { phase: 'parked', problem: trouble }))],
    ['has read nothing yet', feedPart('auth', quiet(10, { confirmedToMs: undefined }))],
  ])('of which nothing can be known is neither silent nor not: it %s', (_what, feed) => {
    expect(silence([feed]).isSilent).toBeUndefined();
    // Another server's feed of the same log may know.
    const other = feedPart('auth', quiet(10), { server: 'archive' });
    const servers = [serverPart('siem'), serverPart('archive')];
    expect(silence([feed, other], 6, { servers }).isSilent).toBe(true);
  });

  it('whose server is down is no silence either', () => {
    const servers = [serverPart('siem', refused)];
    expect(silence([feedPart('auth', quiet(10))], 6, { servers }).isSilent).toBeUndefined();
  });

  it('is not watched when nobody asked for it, or nothing reads it', () => {
    const facts = { servers: [serverPart('siem')], startedMs: nowMs };
    const feeds = [feedPart('auth', quiet(1_000))];
    expect(silencesOf({ ...facts, feeds, alertAfter: {} })).toEqual([]);
    expect(silencesOf({ ...facts, feeds, alertAfter: { activity: 1, auth: undefined } })).toEqual(
      [],
    );
  });
});

describe('a silent log', () => {
  it('is a problem with its log, since when, and what to do, and holds up nothing', () => {
    const silences = [silence([feedPart('auth', quiet(7))])];
    expect(problemsOf(parts({ silences }), nothingKept)).toEqual([
      {
        kind: 'silence',
        what: 'auth',
        sinceMs: nowMs - 7 * hourMs,
        side: 'duo',
        code: 'log_silent',
        message: 'No new auth event for more than 6 h (alert_after), though Duo answers',
        nextTryMs: undefined,
        remedy: expect.stringMatching(/^Look at this log in the Duo Admin Panel\..*\.$/) as string,
        feeds: 0,
      },
    ]);
  });

  it('of many accounts says so; what is not known is no problem', () => {
    const feeds = [1, 2].map((n) => feedPart('auth', quiet(30), { account: child(n) }));
    expect(silenceProblems([silence(feeds, 0.25)])).toMatchObject([
      { what: 'auth of 2 accounts', message: expect.stringContaining('0.25 h') as string },
    ]);
    expect(silenceProblems([{ ...silence(feeds), isSilent: undefined }])).toEqual([]);
  });
});
