import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes.ts';

describe('an exit code', () => {
  it('tells what service managers and scripts need to know, in the numbers of sysexits', () => {
    expect(exitCodes).toEqual({
      ok: 0,
      failure: 1,
      usage: 2,
      noInput: 66,
      unavailable: 69,
      bug: 70,
      cannotCreate: 73,
      tryAgain: 75,
      refused: 77,
      config: 78,
    });
  });

  it.each([
    ['config_unreadable', 66],
    ['state_directory_unusable', 73],
    ['dead_letter_unusable', 73],
    ['log_unusable', 73],
    ['already_running', 75],
    ['query_port_taken', 75],
    ['query_port_unusable', 78],
    ['ca_unreadable', 78],
    ['not_running', 69],
    ['control_silent', 69],
    ['no_such_feed', 2],
    ['config_invalid', 78],
    ['whatever_else', 1],
  ])('of %s is %i', (code, exit) => {
    expect(exitCodeOf(code)).toBe(exit);
  });
});
