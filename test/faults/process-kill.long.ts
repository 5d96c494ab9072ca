import { describe, it } from 'vitest';
import { killAt, steps } from './process-kills.ts';

describe('the program that is killed while it sends over TLS', () => {
  it.each(steps)('$step loses nothing and repeats that page at most', (step) =>
    killAt(step, { protocol: 'TCPSSL', format: 'CEF' }),
  );
});
