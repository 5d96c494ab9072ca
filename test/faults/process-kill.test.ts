import { describe, it, vi } from 'vitest';
import { killAt, steps } from './process-kills.ts';

// Many processes at once, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

describe('the program that is killed', () => {
  it.concurrent.each(steps)('$step loses nothing and repeats that page at most', (step) =>
    killAt(step),
  );

  it.concurrent.each(steps.filter(({ at }) => at === 'half sent'))(
    '$step over TLS loses nothing and repeats less than that page',
    (step) => killAt(step, { protocol: 'TCPSSL' }),
  );
});
