import { describe, expect, it } from 'vitest';
import { degradedSample, healthySample, sampleBackfill } from '../../../scripts/status-samples.ts';
import { failure } from '../../../src/duo/failures.ts';
import { Histories } from '../../../src/status/history.ts';
import type { Parts } from '../../../src/status/parts.ts';
import { snapshotOf } from '../../../src/status/snapshot.ts';
import { flowOf } from '../../../src/web/page/flow.ts';
import { headOf, problemsOf, spokenOf, stateWords, totalsOf } from '../../../src/web/page/head.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from '../../status/parts.ts';

const text = (markup: { readonly text: string }): string =>
  markup.text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const of = (more: Partial<Parts>, kept = nothingKept) =>
  snapshotOf(parts(more), new Histories(), kept);

describe('the head of the page', () => {
  it('says which program this is and how it is, in a word and a shape', () => {
    expect(text(headOf(of({})))).toBe(
      'duologsync 3.0.0 up 3 d pid 4121 /etc/duologsync/config.yml as of 02:30:00Z Healthy',
    );
    expect(headOf(of({})).text).toContain('#s-ok');
    expect(headOf(degradedSample()).text).toContain('#s-bad');
  });

  it('is healthy with a warning while nothing is wrong yet', () => {
    const [problem] = of({ servers: [serverPart('siem', refused)] }).problems;
    if (problem === undefined) throw new Error('a problem is missing');
    const warned = { ...of({}), problems: [{ ...problem, severity: 'warning' as const }] };
    expect(stateWords(warned)).toBe('Healthy, 1 warning');
    expect(headOf(warned).text).toContain('#s-warn');
    expect(text(problemsOf(warned))).toMatch(/^Warning: /);
    expect(
      stateWords({ ...warned, state: 'degraded', problems: [...warned.problems, problem] }),
    ).toBe('Degraded: 1 problem, 1 warning');
  });

  it('is read aloud when it changes, with the first of what is wrong', () => {
    expect(spokenOf(healthySample())).toBe('Healthy');
    expect(spokenOf(of({ servers: [serverPart('siem', refused)] }))).toBe(
      'Degraded: 1 problem: server siem (tcp://siem.example.org:514)',
    );
    const endpoints = ['a', 'b', 'c', 'd', 'e'];
    const feeds = endpoints.map((name) =>
      feedPart(name, { problem: failure('duo_forbidden', 'no') }),
    );
    expect(spokenOf(of({ feeds }))).toMatch(/^Degraded: 5 problems: .*, and 2 more$/);
  });
});

describe('the problems of the page', () => {
  it('carry all that a person needs, and nothing about what is not known', () => {
    expect(text(problemsOf(of({ servers: [serverPart('siem', refused)] })))).toBe(
      'Problem: server siem (tcp://siem.example.org:514) siem.example.org:514 refused the connection ' +
        'since 02:20:00Z (10 min) the server’s side 2 feeds wait next try in 22 s server_refused ' +
        'What to do Start the collector there.',
    );
    const lost = problemsOf(of({}, { gaps: 2, deadLetters: 1 }));
    expect(text(lost)).toMatch(/^Problem: 2 gaps .* Problem: 1 event set aside /);
    expect(text(lost)).not.toMatch(/since|next try|wait /);
    const paused = [feedPart('auth', {}, { pausedSinceMs: nowMs - 60_000 })];
    expect(text(problemsOf(of({ feeds: paused })))).toMatch(/^Paused: .* 1 feed waits /);
  });

  it('are none when all is well, or before anything runs', () => {
    expect(text(problemsOf(of({})))).toBe('Nothing is wrong. 2 feeds well.');
    expect(text(problemsOf(of({ feeds: [] })))).toBe('Nothing is wrong. No feed runs yet.');
  });
});

describe('the totals of the page', () => {
  it('show a backfill that runs, with a bar that is read aloud', () => {
    expect(totalsOf(of({})).text).not.toContain('progress');
    const { text: shown } = totalsOf(of({ backfill: sampleBackfill }));
    expect(shown).toContain('<progress max="1" value="0.744" aria-label="Backfill of 2026-11-01');
    expect(shown).toContain('74 %, 801,450 events sent');
    const problem = 'duo_forbidden';
    const held = totalsOf(of({ backfill: { ...sampleBackfill, problem } })).text;
    expect(held).toContain('held up: duo_forbidden');
    expect([shown.includes('#s-warn'), held.includes('#s-warn')]).toEqual([false, true]);
  });

  it('tell rate, day, lag, what is held up and what was lost', () => {
    const feeds = [
      feedPart('auth', {
        delivered: 1_234,
        gaps: 1,
        setAside: 2,
        problem: failure('duo_dns', 'no'),
      }),
      feedPart('activity'),
    ];
    const told = text(totalsOf(of({ feeds })));
    for (const part of [
      'Delivered 1,234 in 3 d',
      'Oldest lag 12 s',
      'Feeds well 1 of 2, 1 held up',
      'Lost 1 gap',
      'Set aside 2',
    ])
      expect(told).toContain(part);
    expect(totalsOf(of({ feeds })).text.match(/alarm/g)).toHaveLength(3);
    expect(text(totalsOf(of({ feeds: [] })))).toContain('Oldest lag –');
  });
});

describe('the flow of the page', () => {
  it('goes from Duo over the logs to the servers, and says where it stops', () => {
    const feeds = [
      feedPart('auth', { problem: failure('duo_forbidden', 'no') }),
      feedPart('activity', {}, { server: 'archive' }),
      feedPart('activity', {}, { server: 'siem' }),
    ];
    const told = text(
      flowOf(of({ feeds, servers: [serverPart('siem', refused), serverPart('archive')] })),
    );
    expect(told).toBe(
      'Duo api-1.example 100 calls 1 feed refused ' +
        'Logs auth 0/s to siem 1 of 1 held up activity 0/s to archive, siem 1 of 2 held up ' +
        'Servers siem 0/s, 2 feeds server_refused archive 0/s, 1 feed takes lines',
    );
  });

  it('tells many servers by their number', () => {
    const servers = [...Array(40).keys()].map((at) => serverPart(`s${at}`));
    const feeds = servers.map(({ id }) => feedPart('auth', {}, { server: id }));
    const told = text(flowOf(of({ feeds, servers, duo: undefined })));
    expect(told).toContain('to 40 servers');
    expect(told).toContain('and 28 more');
  });
});
