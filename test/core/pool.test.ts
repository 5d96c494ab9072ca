import { describe, expect, it } from 'vitest';
import { Pool } from '../../src/core/pool.ts';

function poolOfNames() {
  const opened: string[] = [];
  const closed: string[] = [];
  const pool = new Pool<string>(async (name) => {
    await Promise.resolve();
    closed.push(name);
  });
  const use = (key: string) =>
    pool.use(key, () => {
      opened.push(key);
      return key;
    });
  return { pool, use, opened, closed };
}

describe('a thing that several share', () => {
  it('is opened for the first user and closed after the last', async () => {
    const { pool, use, opened, closed } = poolOfNames();
    const [first, second] = [use('a'), use('a')];
    expect([first.value, second.value, opened, pool.usersOf('a')]).toEqual(['a', 'a', ['a'], 2]);
    first.end();
    first.end();
    expect([pool.values, pool.usersOf('a')]).toEqual([['a'], 1]);
    second.end();
    expect([pool.values, pool.usersOf('a')]).toEqual([[], 0]);
    await pool.close();
    expect(closed).toEqual(['a']);
  });

  it('is opened anew for who comes while the old one is still closing, and the old user cannot close it', async () => {
    const { pool, use, opened, closed } = poolOfNames();
    const old = use('a');
    old.end();
    const next = use('a');
    old.end();
    expect([opened, pool.values]).toEqual([['a', 'a'], ['a']]);
    next.end();
    await pool.close();
    expect(closed).toEqual(['a', 'a']);
  });

  it('is closed with the pool, whoever still uses it, and only once', async () => {
    const { pool, use, closed } = poolOfNames();
    const user = use('a');
    await pool.close();
    user.end();
    await pool.close();
    expect(closed).toEqual(['a']);
  });
});
