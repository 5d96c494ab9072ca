import { describe, expect, it } from 'vitest';
import { Histories } from '../../../src/status/history.ts';
import { snapshotOf } from '../../../src/status/snapshot.ts';
import { pressed, selected, viewOf } from '../../../src/web/page/view.ts';
import { failure } from '../../../src/duo/failures.ts';
import { feedPart, nothingKept, nowMs, parts } from '../../status/parts.ts';

const view = (query = '') => viewOf(new URLSearchParams(query));
const whose = (id: string, name: string) => ({ account: { id, name } });
const { feeds } = snapshotOf(
  parts({
    feeds: [
      feedPart('telephony', { confirmedToMs: nowMs - 5_000, errors: 2 }, whose('DA1', 'acme')),
      feedPart('auth', { confirmedToMs: nowMs - 90_000 }, whose('DA2', 'Zeta')),
      feedPart('activity', { problem: failure('duo_forbidden', 'no') }, whose('DA3', 'Beta')),
      feedPart('auth', { lastEventMs: undefined, nextTryMs: nowMs }, whose('DA4', 'beta 2')),
    ],
  }),
  new Histories(),
  nothingKept,
);
const seen = (query: string): string[] =>
  selected(feeds, view(query)).map(({ account }) => account);

describe('the view that an address asks for', () => {
  it('is the worst first, when it asks for nothing', () => {
    expect(view()).toEqual({
      sort: 'state',
      descending: true,
      filter: '',
      problemsOnly: false,
      page: 1,
    });
    expect(seen('')).toEqual(['Beta', 'Zeta', 'beta 2', 'acme']);
  });

  it.each([
    ['sort=account', ['acme', 'Beta', 'beta 2', 'Zeta']],
    ['sort=-account', ['Zeta', 'beta 2', 'Beta', 'acme']],
    ['sort=log', ['Beta', 'Zeta', 'beta 2', 'acme']],
    ['sort=server', ['Beta', 'Zeta', 'beta 2', 'acme']],
    ['sort=lag', ['acme', 'Beta', 'beta 2', 'Zeta']],
    ['sort=-errors', ['acme', 'Beta', 'Zeta', 'beta 2']],
    ['sort=last', ['beta 2', 'Beta', 'Zeta', 'acme']],
    ['sort=-next', ['beta 2', 'Beta', 'Zeta', 'acme']],
    ['sort=-rate', ['Beta', 'Zeta', 'beta 2', 'acme']],
    ['sort=-day', ['Beta', 'Zeta', 'beta 2', 'acme']],
    ['problems=1', ['Beta']],
    ['q=BETA', ['Beta', 'beta 2']],
    ['q=beta+forbidden', ['Beta']],
    ['q=DA2', ['Zeta']],
    ['q=nobody', []],
  ])('%s', (query, names) => {
    expect(seen(query)).toEqual(names);
  });

  it('takes the last order that is asked for: a pressed head comes after the order that was', () => {
    expect(view('sort=account&sort=-lag')).toMatchObject({ sort: 'lag', descending: true });
  });

  it('counts what it says wrong as not said', () => {
    for (const query of ['sort=x&page=-1', 'sort=-__proto__&page=1e99', 'page=0.5&problems=yes'])
      expect(view(query)).toEqual(view());
    expect(view(`q=${'x'.repeat(5_000)}`).filter).toHaveLength(200);
  });

  it('turns round when the head of its column is pressed; another column begins its own way', () => {
    expect(pressed('state', view())).toBe('state');
    expect(pressed('account', view())).toBe('account');
    expect(pressed('account', view('sort=account'))).toBe('-account');
    expect(pressed('lag', view())).toBe('-lag');
    expect(pressed('lag', view('sort=-lag'))).toBe('lag');
  });
});
