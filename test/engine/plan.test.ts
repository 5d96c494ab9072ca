import { describe, expect, it } from 'vitest';
import { planFeeds } from '../../src/engine/plan.ts';
import { account } from './parts.ts';

const child = { id: 'DA1', name: 'child', apiHost: 'child.test' };

describe('the plan of feeds', () => {
  it('is every account × every mapped endpoint × its servers', () => {
    const feeds = planFeeds(
      [account, child],
      [
        { endpoints: ['auth', 'activity'], server: 'a' },
        { endpoints: ['auth'], server: 'b' },
      ],
    );
    expect(feeds.map(({ id }) => id)).toEqual([
      'auth > a',
      'activity > a',
      'auth > b',
      'auth DA1 > a',
      'activity DA1 > a',
      'auth DA1 > b',
    ]);
    expect(feeds[3]).toEqual({
      id: 'auth DA1 > a',
      account: child,
      endpoint: 'auth',
      server: 'a',
    });
  });

  it('holds a feed once, though it is mapped twice', () => {
    const mapping = { endpoints: ['auth', 'auth'], server: 'a' };
    expect(planFeeds([account], [mapping, mapping])).toHaveLength(1);
  });

  it('is empty without accounts or mappings', () => {
    expect(planFeeds([], [{ endpoints: ['auth'], server: 'a' }])).toEqual([]);
    expect(planFeeds([account], [])).toEqual([]);
  });
});
