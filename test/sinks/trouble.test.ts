import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../../src/core/errors.ts';
import { Trouble } from '../../src/sinks/trouble.ts';
import { serverAt, testTools } from './helpers/tools.ts';

const refused = new ForwarderError('server_refused', 'refused', { hint: 'Start it.' });
const reset = new ForwarderError('server_reset', 'reset');

describe('the trouble of a server', () => {
  it('is one warning with its remedy, silence while it lasts, and one line with its length at the end', () => {
    let nowMs = 1_000;
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
    const { log, said } = testTools();
    const trouble = new Trouble(serverAt(514), clock, log);
    trouble.ends();
    for (let n = 0; n < 10; n += 1) trouble.begins(refused);
    nowMs += 90_000;
    trouble.begins(reset);
    expect(trouble.state('none', 0).trouble).toEqual({
      sinceMs: 1_000,
      code: 'server_reset',
      message: 'reset',
    });
    trouble.begins(refused);
    trouble.ends();
    trouble.ends();
    expect(trouble.state('none', 0).trouble).toBeUndefined();
    expect(said.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['warn', 'server_refused'],
      ['info', 'server_reset'],
      ['info', 'server_refused'],
    ]);
    expect(said[0]?.fields).toMatchObject({
      server: 'siem',
      message: 'refused',
      hint: 'Start it.',
    });
    expect(said[2]?.fields['seconds']).toBe(90);
    trouble.begins(refused);
    expect(said).toHaveLength(4);
  });
});
