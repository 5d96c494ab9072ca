import { expect, it } from 'vitest';
import { openMemoryStore } from '../../src/checkpoint/memory-store.ts';

it('a store in memory keeps one checkpoint per feed for as long as it lives', async () => {
  const store = openMemoryStore(() => 5);
  const server = { id: 'siem', protocol: 'TCP', hostname: 'siem', port: 514 };
  const own = { accountId: undefined, endpoint: 'auth', server };
  const child = { ...own, accountId: 'DA1' };
  const cursor = {
    positionMs: 1,
    readToMs: 1,
    rereadAtMs: 1,
    idsSinceMs: 1,
    taken: '',
    fullest: 0,
  };
  expect(await store.load(own)).toBeUndefined();
  await store.save(own, { cursor });
  await store.save(own, { cursor: { ...cursor, positionMs: 2 } });
  expect((await store.load(own))?.cursor.positionMs).toBe(2);
  expect(await store.load(child)).toBeUndefined();
  expect(await store.list()).toMatchObject([{ identity: own, savedAtMs: 5 }]);
});
