import { describe, expect, it } from 'vitest';
import type { KnownAccount } from '../../src/core/types.ts';
import { AccountNews } from '../../src/engine/account-news.ts';
import { createBlockList } from '../../src/engine/block-list.ts';
import { recordingLog } from './parts.ts';

const child = (n: number, more: Partial<KnownAccount> = {}): KnownAccount => {
  return { id: `DA${n}`, name: `Child ${n}`, apiHost: `c${n}.test`, ...more };
};

function changes(before: readonly KnownAccount[], after: readonly KnownAccount[]) {
  const { log, said } = recordingLog();
  const news = new AccountNews(log, createBlockList([]));
  news.start(before, before, 'Duo');
  news.changes(after);
  return said.slice(1).map(({ sentence, fields }) => [sentence, fields['accounts']]);
}

const missing = { missingSinceMs: 1 };

describe('what the log tells of child accounts', () => {
  it('is nothing while nothing changes', () => {
    expect(changes([child(1), child(2, missing)], [child(2, missing), child(1)])).toEqual([]);
  });

  it('is one line for each kind of change, with the names', () => {
    const before = [child(1), child(2), child(3, missing), child(4), child(5)];
    const after = [
      child(2, missing),
      child(3),
      child(4, { apiHost: 'x.test' }),
      child(5, { name: 'Five' }),
      child(6),
    ];
    expect(changes(before, after)).toEqual([
      ['Child accounts are new', 'Child 6 (DA6)'],
      ['Child accounts are gone, their feeds end', 'Child 1 (DA1)'],
      [expect.stringContaining('are missing from the list'), 'Child 2 (DA2)'],
      ['Child accounts that were missing are back', 'Child 3 (DA3)'],
      [expect.stringContaining('another name or API host'), 'Child 4 (DA4), Five (DA5)'],
    ]);
  });

  it('stays one line, however many they are', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => child(n));
    const [line] = changes([], many);
    expect(line?.[1]).toMatch(/ and 9980 more$/);
  });
});
