import { describe, expect, it } from 'vitest';
import { Report } from '../../../src/cli/check/report.ts';
import { ForwarderError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import { fakeIo } from '../fake-io.ts';

const failure = new ForwarderError('server_refused', 'nobody listens, said geheim', {
  hint: 'Start it.',
});

function fill(json: boolean) {
  const io = fakeIo();
  const report = new Report(io, [new Secret('geheim')], json);
  report.begin({ kind: 'server', name: 'siem' }, 'Server siem TCP localhost:1');
  report.ok('resolve', '127.0.0.1');
  report.fail('connect', failure);
  report.skip('test event', 'none');
  report.fail('key', new ForwarderError('duo_forbidden', 'no'));
  report.end({ more: [1] });
  return { report, out: io.out() };
}

describe('the report of a check', () => {
  it('has a line for each step, the hint of what failed, and no secret', () => {
    expect(fill(false).out).toBe(
      [
        'Server siem TCP localhost:1',
        '  ok    resolve      127.0.0.1',
        '  FAIL  connect      nobody listens, said *** (server_refused)',
        '        Start it.',
        '  skip  test event   none',
        '  FAIL  key          no (duo_forbidden)',
        '2 of 3 checks failed.',
        '',
      ].join('\n'),
    );
  });

  it('is one JSON object on request, and still holds no secret', () => {
    const { report, out } = fill(true);
    const about = { kind: 'server', name: 'siem' };
    expect(JSON.parse(out)).toEqual({
      failed: 2,
      total: 3,
      checks: [
        { ...about, step: 'resolve', ok: true, detail: '127.0.0.1' },
        {
          ...about,
          step: 'connect',
          ok: false,
          code: 'server_refused',
          message: 'nobody listens, said ***',
          hint: 'Start it.',
        },
        { ...about, step: 'key', ok: false, code: 'duo_forbidden', message: 'no', hint: null },
      ],
      more: [1],
    });
    expect(report.refused).toBe(1);
  });
});
