import { describe, expect, it } from 'vitest';
import { Tally } from '../../../src/cli/dead-letter/tally.ts';
import { ForwarderError } from '../../../src/core/errors.ts';
import { fakeIo } from '../fake-io.ts';

function told(fill: (tally: Tally) => void, isDry = false) {
  const [tally, io] = [new Tally(), fakeIo()];
  fill(tally);
  return { code: tally.tell(io, isDry), out: io.out(), err: io.err() };
}

describe('what became of what was to be sent', () => {
  it('is well when all was confirmed or there was nothing', () => {
    expect(told(() => undefined)).toMatchObject({ code: 0, out: 'Nothing is to be sent.\n' });
    const fill = (tally: Tally): void => {
      tally.sent('siem', 2);
      tally.sent('siem', 3);
    };
    expect(told(fill)).toMatchObject({ code: 0, out: '5 sent and confirmed by siem\n' });
    expect(told(fill, true).out).toBe('5 would be sent to siem\n');
  });

  it('is something to do when lines are left, each reason once and harmless to the terminal', () => {
    const { code, out } = told((tally) => {
      tally.left('odd\u001b[2J');
      tally.left('odd\u001b[2J', 2);
    });
    expect([code, out]).toEqual([1, '3 left, odd?[2J\n']);
  });

  it('is to be tried again when it was given up, with what to do', () => {
    const { code, err } = told((tally) => {
      tally.left('x');
      tally.failure = new ForwarderError('stuck', 'siem is away', { hint: 'Run it again.' });
    });
    expect([code, err]).toEqual([75, 'duologsync: siem is away\n  Run it again.\n']);
  });
});
