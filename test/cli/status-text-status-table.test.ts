import { describe, expect, it } from 'vitest';
import { sampleBackfill } from '../../scripts/status-samples.ts';
import { asSnapshot, statusLine, statusText } from '../../src/cli/status-text.ts';
import type { JsonValue } from '../../src/core/types.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { failure } from '../../src/duo/failures.ts';
import { Histories } from '../../src/status/history.ts';
import type { SnapshotBackfill } from '../../src/status/backfill-snapshot.ts';
import type { FeedPart } from '../../src/status/parts.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from '../status/parts.ts';

const forbidden = failure('duo_forbidden', 'Duo answered 403: Access forbidden (40301)');
const acme = { id: 'DA7', name: 'ACME Dental' };

function feeds(n: number): FeedPart[] {
  const parked = {
    phase: 'parked',
    problem: forbidden,
    sinceMs: nowMs - 4_800_000,
    nextTryMs: nowMs + 60_000,
    confirmedToMs: nowMs - 4_800_000,
    lastEventMs: nowMs - 86_400_000,
    errors: 14,
  };
  return [
    feedPart('auth', { delivered: 1000 * n, ...parked }, { account: acme }),
    feedPart('auth', { delivered: 300 * n }, { account: { id: 'DA8', name: 'Globex’s' } }),
    feedPart(
      'activity',
      { lastEventMs: undefined, confirmedToMs: undefined },
      { account: acme, server: 'siem-2' },
    ),
    feedPart('telephony', { delivered: 3 * n }, { account: acme, pausedSinceMs: nowMs - 9_000 }),
  ];
}

function degraded() {
  const histories = new Histories();
  for (let i = 0; i < 12; i += 1) histories.sample(feeds(i * i), nowMs - (11 - i) * 300_000);
  const now = { feeds: feeds(130), servers: [serverPart('siem'), serverPart('siem-2', refused)] };
  return snapshotOf(parts(now), histories, { gaps: 1, deadLetters: 0 });
}

const healthy = () => snapshotOf(parts(), new Histories(), nothingKept);

const pipe: Terminal = { columns: undefined, rows: undefined, colour: false, ascii: false };

describe('the status on a terminal', () => {
  it('tells of a backfill that runs, and marks what is in its way', () => {
    const busy = (backfill: SnapshotBackfill) =>
      snapshotOf(parts({ backfill }), new Histories(), nothingKept);
    const words = 'Backfill of 2026-11-01 00:00Z to 2026-11-08 00:00Z: 74 %';
    const shown = statusText(busy(sampleBackfill), { terminal: pipe });
    expect(shown).toContain(`told to wait 2 times\n→ ${words}, 801,450 events sent`);
    const problem = 'duo_forbidden';
    const held = statusText(busy({ ...sampleBackfill, problem }), { terminal: pipe });
    expect(held).toMatch(/\n! Backfill .*held up: duo_forbidden\n/);
    expect(statusLine(busy(sampleBackfill))).toContain('; backfill 74 %');
    expect(statusLine(healthy())).not.toContain('backfill');
  });

  it('of a healthy program is short', () => {
    expect(statusText(healthy(), { terminal: pipe })).toBe(
      `duologsync 3.0.0  pid 4121  up 3 d  /etc/duologsync/config.yml  HEALTHY
✔ 2 feeds well: 0 events/s, 0 delivered, oldest lag 12 s
✔ siem tcp://siem.example.org:514 (drained) 0/s
✔ Duo: 100 calls, told to wait 2 times

FEED             STATE    LAST EVENT   LAG  EV/S  LAST HOUR     ERRORS
auth > siem      running  02:29:40Z   12 s     0  ▁▁▁▁▁▁▁▁▁▁▁▁       0
activity > siem  running  02:29:40Z   12 s     0  ▁▁▁▁▁▁▁▁▁▁▁▁       0
`,
    );
  });

  it('begins with the problems: what, since when, whose side, the next try, the remedy', () => {
    expect(statusText(degraded(), { terminal: { ...pipe, columns: 120 } })).toBe(
      `duologsync 3.0.0  pid 4121  up 3 d  /etc/duologsync/config.yml  DEGRADED: 4 problems

✖ ACME Dental / auth > siem: Duo answered 403: Access forbidden (40301)
  since 01:10:00Z (1 h 20 min), Duo's side, 1 feed waits, next try 02:31:00Z, duo_forbidden
  → In the Duo Admin Panel give this Admin API application "Grant read log", check its permitted networks, and whether
    the account’s edition has this log.

✖ server siem-2 (tcp://siem-2.example.org:514): siem.example.org:514 refused the connection
  since 02:20:00Z (10 min), the server's side, 1 feed waits, next try 02:30:22Z, server_refused
  → Start the collector there.

! ACME Dental / telephony > siem: Paused by hand: nothing is read; nothing is lost as long as Duo keeps it (180 days)
  since 02:29:51Z (9 s), this machine, 1 feed waits, paused
  → Let it go on: duologsync resume. A restart resumes it too.

✖ 1 gap: Events of some time are lost for good, and nobody has acknowledged it yet
  Duo's side, gap
  → See what is missing, and acknowledge it: duologsync gaps

✔ 1 of 4 feeds of 2 accounts well: 174 events/s, 169,390 delivered, oldest lag 1 h 20 min
✔ siem tcp://siem.example.org:514 (drained) 174/s
✔ Duo: 100 calls, told to wait 2 times

FEED                             STATE           LAST EVENT                   LAG  EV/S  LAST HOUR     ERRORS
ACME Dental / auth > siem        duo_forbidden   2026-11-21 02:30:00Z  1 h 20 min   133  ▁▂▂▃▃▄▅▅▆▇▇█      14
ACME Dental / telephony > siem   paused          02:29:40Z                   12 s   0.4  ▁▂▂▃▃▄▅▅▆▇▇█       0
ACME Dental / activity > siem-2  server_refused  -                              -     0  ▁▁▁▁▁▁▁▁▁▁▁▁       0
Globex’s / auth > siem           running         02:29:40Z                   12 s    40  ▁▂▂▃▃▄▅▅▆▇▇█       0
`,
    );
  });

  it('fits a narrow window and a terminal without Unicode', () => {
    const text = statusText(degraded(), { terminal: { ...pipe, columns: 60, ascii: true } });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    for (const line of text.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(62);
    expect(text).toContain(
      '[!!] ACME Dental / auth > siem: Duo answered 403: Access\n  forbidden (40301)\n',
    );
    expect(text).toContain(`
FEED                             STATE                  LAG
ACME Dental / auth > siem        duo_forbidden   1 h 20 min
ACME Dental / telephony > siem   paused                12 s
ACME Dental / activity > siem-2  server_refused           -
Globex's / auth > siem           running               12 s
`);
    expect(statusText(degraded(), { terminal: { ...pipe, columns: 40 } })).toContain(
      'ACME Dental…  duo_forbidden   1 h 20 min\n',
    );
    const wide = statusText(degraded(), { terminal: { ...pipe, columns: 120, ascii: true } });
    expect(wide).toContain('_..::-==+**#');
  });

  it('shows colours only when asked to, and never by colour alone', () => {
    const coloured = statusText(degraded(), { terminal: { ...pipe, colour: true } });
    const bare = coloured.replace(/\u001b\[\d+m/g, '');
    expect(coloured).not.toBe(bare);
    expect(bare).toBe(statusText(degraded(), { terminal: pipe }));
  });

  it('can show the problems alone', () => {
    const text = statusText(degraded(), { terminal: pipe, problemsOnly: true });
    expect(text).toContain('✖ 1 gap');
    expect(text).not.toContain('FEED');
    expect(text).not.toContain('well:');
    expect(statusText(healthy(), { terminal: pipe, problemsOnly: true }).split('\n')).toHaveLength(
      2,
    );
  });

  it('of a thousand feeds shows twenty, those in trouble first, and says how many more there are', () => {
    const many = Array.from({ length: 1_000 }, (_, n) =>
      feedPart('auth', n === 700 ? { problem: forbidden } : { confirmedToMs: nowMs - n * 1000 }, {
        account: { id: `DA${n}`, name: `Child ${n}` },
      }),
    );
    const snapshot = snapshotOf(parts({ feeds: many }), new Histories(), nothingKept);
    const rows = statusText(snapshot, { terminal: pipe }).split('FEED')[1]?.trimEnd().split('\n');
    expect(rows).toHaveLength(22);
    expect(rows?.[1]).toMatch(/^Child 700 .* duo_forbidden/);
    expect(rows?.[2]).toMatch(/^Child 999 /);
    expect(rows?.at(-1)).toBe('980 feeds more, all well: --all');
    const all = statusText(snapshot, { terminal: pipe, all: true });
    expect(all.match(/^Child /gm)).toHaveLength(1_000);
  });

  it('lets no name steer the terminal', () => {
    const evil = { id: 'DA1', name: 'a\u001b[2Jb\nc\u202e' };
    const feed = feedPart(
      'auth',
      { problem: failure('duo_failed', 'x\u001b]0;y\u0007') },
      { account: evil },
    );
    const snapshot = snapshotOf(parts({ feeds: [feed] }), new Histories(), nothingKept);
    for (const text of [statusText(snapshot, { terminal: pipe }), statusLine(snapshot)]) {
      expect(text).toContain('a?[2Jb?c?');
      expect(text).not.toMatch(/[\u001b\u0007\u202e]/);
    }
  });
});

describe('the status in one line', () => {
  it('tells state, pace and the problems', () => {
    expect(statusLine(healthy())).toBe(
      '2026-11-22T02:30:00Z healthy: 2 feeds; 0 events/s; oldest lag 12 s',
    );
    expect(statusLine(degraded())).toContain(
      'degraded: 4 feeds; 174 events/s; oldest lag 1 h 20 min; duo_forbidden: ACME Dental / auth > siem; server_refused: server siem-2',
    );
  });
});

describe('what the running program answers', () => {
  it('is taken only when it is of a version that is understood', () => {
    expect(asSnapshot(JSON.parse(JSON.stringify(healthy())) as JsonValue)).toEqual(healthy());
    for (const other of [{ schema_version: 2 }, [], null, 'x'])
      expect(() => asSnapshot(other)).toThrow(expect.objectContaining({ code: 'bad_answer' }));
  });
});
