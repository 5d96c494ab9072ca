import { expect, it, vi } from 'vitest';
import { storm } from './duo-storm.ts';

vi.setConfig({ testTimeout: 120_000 });

it('a Duo whose answers go wrong in every way, all logs at once, costs no event and repeats none', async () => {
  await storm(1, 10);
  expect.assertions(2);
});
