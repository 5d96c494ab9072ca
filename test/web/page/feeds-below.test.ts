import { describe, expect, it } from 'vitest';
import { degradedSample, healthySample } from '../../../scripts/status-samples.ts';
import { Histories } from '../../../src/status/history.ts';
import { snapshotOf } from '../../../src/status/snapshot.ts';
import { duoOf, endOf, latelyOf, serversOf } from '../../../src/web/page/below.ts';
import { feedsOf } from '../../../src/web/page/feeds.ts';
import { markup } from '../../../src/web/page/markup.ts';
import { viewOf } from '../../../src/web/page/view.ts';
import { feedPart, nothingKept, nowMs, parts, serverPart } from '../../status/parts.ts';

const text = (markup: { readonly text: string }): string =>
  markup.text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const view = (query = '') => viewOf(new URLSearchParams(query));
const heads = (markup: { readonly text: string }): string[] =>
  [...markup.text.matchAll(/<th scope="col"[^>]*>(.*?)<\/th>/g)].map(([, cell = '']) =>
    text({ text: cell }),
  );

describe('the table of feeds', () => {
  it('has real heads that say which way they are sorted, and are buttons', () => {
    const { text: table } = feedsOf(healthySample(), view('sort=-lag'));
    expect(table).toContain('aria-sort="descending"><button form="view" name="sort" value="lag"');
    expect(table.match(/aria-sort="none"/g)).toHaveLength(9);
    expect(table).toContain('<th scope="row"');
    expect(table).toContain('<input type="hidden" name="sort" value="-lag">');
  });

  it('leaves out the columns that would say the same in every row', () => {
    const one = snapshotOf(parts(), new Histories(), nothingKept);
    expect(heads(feedsOf(one, view()))).not.toContain('Account');
    expect(heads(feedsOf(one, view()))).not.toContain('Server');
    expect(heads(feedsOf(healthySample(), view('sort=log')))).toEqual([
      'State',
      'Account',
      'Log ▴',
      'Server',
      'Last event',
      'Lag',
      'Events/s',
      '24 hours',
      'Errors',
      'Next try',
    ]);
  });

  it('tells the state of each in a shape and a word, with the code of what holds it up', () => {
    const table = feedsOf(degradedSample(), view());
    const states = [...table.text.matchAll(/<th scope="row"[^>]*>(.*?)<\/th>/g)].map(
      ([, cell = '']) => [/#s-(\w+)/.exec(cell)?.[1], text({ text: cell })],
    );
    const seen = new Set(states.map(([sign, words]) => `${sign} ${words}`));
    expect([...seen].sort()).toEqual([
      'bad parked duo_invalid_key',
      'bad waiting server_refused',
      'ok running',
      'pause paused',
    ]);
    const more = [
      feedPart('auth', { phase: 'retrying', problem: problem('duo_dns') }),
      feedPart('x', { phase: 'catching up' }),
    ];
    const told = text(
      feedsOf(snapshotOf(parts({ feeds: more }), new Histories(), nothingKept), view()),
    );
    expect(told).toMatch(/retrying duo_dns .* catching up/);
  });

  it('says how many it shows, keeps what was typed, and says so when there is none', () => {
    expect(text(feedsOf(degradedSample(), view()))).toContain('24 feeds, 14 well');
    expect(text(feedsOf(degradedSample(), view('problems=1')))).toContain(
      '10 of 24 feeds, 14 well',
    );
    expect(feedsOf(healthySample(), view('problems=1')).text).toContain('value="1" checked>');
    expect(feedsOf(healthySample(), view('q=%22x')).text).toContain('value="&quot;x"');
    expect(text(feedsOf(healthySample(), view('q=nobody')))).toContain('No feed is like that.');
  });
});

describe('the servers of the page', () => {
  it('are up or down, since when, and how sure a delivery is', () => {
    const told = text(serversOf(degradedSample()));
    expect(told).toMatch(/up siem tls:\/\/siem.corp.example:6514 drained /);
    expect(told).toMatch(
      /down server_refused soc tcp:\/\/soc.corp.example:514 since 14:08:00Z \(33 min\)/,
    );
  });

  it('tell of our own certificate and of heartbeats where there are any', () => {
    const server = serverPart('siem');
    const heartbeat = { everySeconds: 60, sent: 7, dropped: 2, lastSentMs: nowMs };
    const servers = [{ ...server, clientCertificateEndsMs: nowMs + 86_400_000, heartbeat }];
    const told = text(serversOf(snapshotOf(parts({ servers }), new Histories(), nothingKept)));
    expect(told).toContain('Heartbeat Certificate ends');
    expect(told).toMatch(/02:30:00Z 2 dropped – ours: 2026-11-23 in 1 day$/);
  });

  it('warn a month before their certificate ends', () => {
    const at = '2026-11-22T02:30:00.000Z';
    const cell = (ends: string | null): string => text(markup`${endOf(ends, at)}`);
    expect(cell('2027-02-11T00:00:00.000Z')).toBe('2027-02-11 in 80 days');
    expect(cell('2026-12-01T00:00:00.000Z')).toBe('2026-12-01 in 8 days');
    expect(cell('2026-11-22T12:00:00.000Z')).toBe('2026-11-22 today');
    expect(cell('2026-11-21T12:00:00.000Z')).toBe('2026-11-21 ended');
    expect(cell(null)).toBe('–');
  });
});

describe('what the page tells of Duo’s API', () => {
  it('is how long it takes, how often it told to wait, the clock and the last failure', () => {
    const told = text(duoOf(degradedSample()));
    expect(told).toMatch(/Told to wait \(429\) 37 /);
    expect(told).toMatch(/half within \d+ ms, 95 % within/);
    expect(told).toContain('agrees with ours');
    expect(told).toMatch(
      /Last failure 14:39:00Z \(2 min\) duo_invalid_key Invalid integration key/,
    );
    expect(told).toMatch(/auth [\d,]+ 37 0 \d+ ms/);
    const late = parts({ duo: { calls: 0, limited: 0, behindMs: -90_000, byEndpoint: new Map() } });
    expect(text(duoOf(snapshotOf(late, new Histories(), nothingKept)))).toContain(
      '90 s behind ours',
    );
    expect(text(duoOf({ ...healthySample(), duo: null }))).toBe('No call was made.');
  });
});

describe('what happened lately', () => {
  it('is told with its time, whom it concerned and how often', () => {
    const told = text(latelyOf(degradedSample()));
    expect(told).toContain(
      '14:08:00Z warning: server in trouble; lines wait and are sent when it is back soc server_refused',
    );
    expect(told).toContain('The feed has trouble and tries again duo_rate_limited 5 times');
    expect(told).toContain('2026-11-19 10:31:00Z info: duologsync starts');
    expect(text(latelyOf({ ...healthySample(), lately: [] }))).toContain('Nothing worth telling');
  });
});

function problem(code: string) {
  return { code, message: 'no', hint: undefined, scope: 'source' };
}
