import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventSpec } from '../../src/simulator/store.ts';
import { until } from '../helpers/program.ts';
import { openRig, type Rig } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const nested = (levels: number): string => '{"b":['.repeat(levels) + ']}'.repeat(levels);

/** What stands in a row beside the fields that every row has. */
const odd: readonly (readonly [what: string, text: string])[] = [
  [
    'fields that nobody knows',
    '"brand_new":{"a":[1,true,null]},"__proto__":{"x":1},"constructor":7',
  ],
  ['a text of a megabyte', `"factor":"${'x'.repeat(1_000_000)}"`],
  ['sixty levels', `"deep":${nested(30)}`],
  ['half a surrogate pair', '"factor":"\\ud800 \\udc00"'],
  ['NUL, line ends and escapes of a terminal', '"factor":"\\u0000\\r\\n\\u0085\\u2028\\u001b[31m"'],
  ['a key twice', '"factor":"a","factor":"b"'],
  ['numbers that no double holds', '"factor":123456789012345678901234567890.10,"result":1E+300'],
  ['lists and objects where texts should be', '"factor":[["x"]],"access_device":[],"result":{}'],
];

function row(number: number, timeMs: number, members: string, isoTime = true): EventSpec {
  const serial = `o${String(number).padStart(8, '0')}`;
  const time = isoTime ? `"isotimestamp":"${new Date(timeMs).toISOString()}",` : '';
  const text = `{${time}"user":{"name":"${serial}"},${members}}`;
  return { serial, id: serial, timeUs: timeMs * 1000, text };
}

describe('a row of Duo with', () => {
  it.each(['JSON', 'CEF'] as const)(
    'odd contents, or without id or time, is one line of %s like any other',
    async (format) => {
      rig = await openRig({
        format,
        factor: 900,
        overrides: { calls: { maxBodyBytes: 20_000_000 } },
      });
      const { duo, clock } = rig;
      const nowMs = clock.nowMs();
      rig.add('auth', 5);
      const rows = odd.map(([, text], n) => row(n, nowMs + n, `"txid":"id-${n}",${text}`));
      const without = [
        row(100, nowMs + 20, '"factor":"no id"'),
        row(101, nowMs + 21, '"factor":"no time","txid":"id-101"', false),
        row(102, nowMs + 22, '"factor":"neither"', false),
        row(103, nowMs + 23, '"factor":"no usable one","txid":7,"timestamp":"soon"', false),
      ];
      duo.add('auth', [...rows, ...without]);
      rig.add('auth', 5, { fromMs: nowMs + 30 });
      await rig.arrived('auth');
      // Many polls and re-reads later none has come twice.
      const untilMs = clock.nowMs() + 1_500_000;
      await until('some re-reads', () => clock.nowMs() > untilMs);
      expect(rig.report('auth')).toMatchObject({ lost: [], repeated: 0, malformed: [] });
      expect(rig.said.filter(({ level }) => level !== 'info')).toEqual([]);
    },
  );

  it('more levels than can be written is set aside alone, and the rest of its page goes on', async () => {
    rig = await openRig();
    const { duo, clock } = rig;
    const nowMs = clock.nowMs();
    rig.add('auth', 3);
    duo.add('auth', [
      row(200, nowMs + 1, `"txid":"id-200","deep":${nested(100)}`),
      row(201, nowMs + 2, `"deep":${nested(5000)}`),
    ]);
    rig.add('auth', 3, { fromMs: nowMs + 3 });
    await until('all but these', () => (rig?.report('auth').lost.length ?? 9) <= 2);
    expect(rig.report('auth')).toMatchObject({ lost: ['o00000200', 'o00000201'], repeated: 0 });
    const letters = await readFile(join(rig.state, 'dead-letters.jsonl'), 'utf8');
    expect(letters.match(/"reason":"unformattable"/g)).toHaveLength(2);
    expect(letters).toMatch(/too deep.*\bo00000200\b[^]*too deep.*\bo00000201\b/);
    const [status] = rig.app.statuses;
    await until('the end of the poll', () => status?.phase === 'running');
    expect(status?.setAside).toBe(2);
  });
});
