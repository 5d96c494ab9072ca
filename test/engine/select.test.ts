import { describe, expect, it } from 'vitest';
import type { Selection } from '../../src/core/requests.ts';
import type { Feed } from '../../src/engine/feed.ts';
import { selectFeeds } from '../../src/engine/select.ts';
import { bench } from './parts.ts';

const parts = bench();
const feeds: readonly Feed[] = ['DA1 One', 'DA2 Two'].flatMap((text) => {
  const [id, name] = text.split(' ');
  const account = { id, name: name ?? '', apiHost: 'c.test' };
  return ['auth', 'activity'].flatMap((endpointName) =>
    ['siem', 'archive'].map((server) => parts.feed(server, { account, endpointName })),
  );
});

const count = (names: Selection): number => selectFeeds(feeds, names).length;
function hintOf(names: Selection): string | undefined {
  try {
    selectFeeds(feeds, names);
  } catch (error) {
    return (error as { hint?: string }).hint;
  }
  return undefined;
}

describe('feeds', () => {
  it('are asked for by endpoint, by an account’s id or name, and by server', () => {
    expect([
      count({}),
      count({ endpoint: 'auth' }),
      count({ account: 'DA1' }),
      count({ account: 'Two' }),
      count({ server: 'siem' }),
      count({ endpoint: 'auth', account: 'One', server: 'archive' }),
    ]).toEqual([8, 4, 4, 4, 4, 1]);
  });

  it('that do not exist are told with those that do', () => {
    expect(() => selectFeeds(feeds, { endpoint: 'telephony' })).toThrow(
      'no feed is running for endpoint telephony',
    );
    expect(hintOf({ endpoint: 'telephony', server: 'x' })).toBe(
      'There are these endpoints: auth, activity; servers: siem, archive.',
    );
    expect(hintOf({ account: 'Three' })).toBe('There are these accounts: DA1, DA2.');
  });
});
