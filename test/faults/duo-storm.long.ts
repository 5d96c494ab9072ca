import { expect, it } from 'vitest';
import { storm } from './duo-storm.ts';

// Printed, so that a storm can be had again.
const first = Math.floor(Math.random() * 1_000_000);

it.each([0, 1, 2, 3, 4, 5, 6, 7].map((n) => first + n))(
  'a Duo whose answers go wrong in every way for hours (seed %i), all logs at once, costs no event and repeats none',
  async (seed) => {
    await storm(seed, 40);
    expect.assertions(2);
  },
);
