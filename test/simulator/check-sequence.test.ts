import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFeeds, checkSequence } from '../../src/simulator/check-sequence.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { textOf } from '../../src/simulator/store.ts';

const serial = (number: number): string => `u${String(number).padStart(8, '0')}`;
const sentOf = (...numbers: readonly number[]) => numbers.map((n) => ({ serial: serial(n) }));
const json = (number: number): string => `{"user": {"name": "${serial(number)}"}}`;
const right = { lost: [], repeated: 0, reordered: 0, malformed: [], torn: 0, unknown: [] };

function check(
  sent: readonly number[],
  lines: readonly (string | Buffer)[],
  format = 'json' as 'json' | 'cef',
) {
  return checkSequence({ sent: sentOf(...sent), received: lines, format });
}

describe('the checker', () => {
  it('finds nothing wrong where everything came once', () => {
    expect(check([1, 2, 3], [json(1), Buffer.from(json(2)), json(3)])).toEqual(right);
  });

  it('names what is lost and what was never sent', () => {
    expect(check([1, 2, 3], [json(1), json(4)])).toEqual({
      ...right,
      lost: [serial(2), serial(3)],
      unknown: [serial(4)],
    });
  });

  it('counts repeats, and twins only when one of them is missing', () => {
    expect(check([1, 2], [json(1), json(2), json(1), json(2)])).toMatchObject({ repeated: 2 });
    expect(check([1, 1], [json(1), json(1)])).toEqual(right);
    expect(check([1, 1], [json(1)])).toMatchObject({ lost: [serial(1)] });
  });

  it('counts what came after a later one, repeats aside', () => {
    expect(check([1, 2, 3], [json(1), json(3), json(2)])).toEqual({ ...right, reordered: 1 });
    expect(check([1, 2], [json(1), json(2), json(1)])).toMatchObject({ reordered: 0 });
  });

  it('shows lines that are no JSON object or hold two', () => {
    const bad = ['{"user": {"name": "u0000', json(1) + json(2), '[]', '{}', ''];
    expect(check([], bad).malformed).toEqual(bad);
  });

  it('shows lines that are no CEF, or hold two', () => {
    const cef = (n: number): string =>
      `Jan 02 03:04:05 host CEF:0|Cisco|Duo|3.0.0|a\\|b|name \\\\|5|duser=${serial(n)} cs1=CEF|x`;
    expect(check([1, 2], [cef(1), cef(2)], 'cef')).toEqual(right);
    const bad = ['CEF:0|Cisco|Duo', `${cef(1)} ${cef(2)}`, json(1), 'CEF:0|a|b|c|d|e|f|none'];
    expect(check([], bad, 'cef').malformed).toEqual(bad);
  });

  it('takes a line that was cut in half for torn, not for malformed and not for come', () => {
    const whole = json(2);
    for (let at = 1; at < whole.length; at += 1) {
      const cut = whole.slice(0, at);
      expect(check([1, 2], [json(1), cut, whole])).toEqual({ ...right, torn: 1 });
      expect(check([1, 2], [json(1), whole, cut])).toEqual({ ...right, torn: 1 });
    }
    const lonely = check([1, 2, 3], [json(1), json(3).slice(0, -1)]);
    expect(lonely).toMatchObject({ lost: [serial(2), serial(3)], torn: 0 });
    expect(lonely.malformed).toHaveLength(1);
  });

  it('does not count a CEF line without its end as come, whatever time stands in front of it', () => {
    const cef = (n: number, at: string): string =>
      `Jan 02 03:04:${at} host CEF:0|Cisco|Duo|3.0.0|a|b|5|duser=${serial(n)} msg=the end`;
    const whole = cef(1, '09');
    for (let at = 1; at < whole.length; at += 1) {
      const cut = cef(1, '05').slice(0, at);
      expect(check([1], [cut, whole], 'cef')).toEqual({ ...right, torn: 1 });
    }
  });

  it('lets what Duo showed late come late', () => {
    const sent = [{ serial: serial(1), late: true }, ...sentOf(2, 3)];
    const received = [json(2), json(1), json(3)];
    expect(checkSequence({ sent, received, format: 'json' })).toEqual(right);
  });

  it('tells every fault by the feed that it befell', () => {
    const feeds = new Map([
      ['well', sentOf(1, 2)],
      ['loses', sentOf(3, 4)],
      ['repeats', sentOf(5, 6)],
      ['reorders', sentOf(7, 8)],
      ['tears', sentOf(9, 10)],
      ['breaks', sentOf(11)],
      ['is silent', []],
    ]);
    const broken = json(11).replace('"user"', 'user');
    const received = [json(5), json(8), json(1), json(3), json(9), json(10).slice(0, 28), json(6)];
    const rest = [json(2), json(5), json(7), json(10), json(11), broken, json(99), 'no event'];
    const cutOff = [Buffer.from(json(9).slice(0, -1)), json(1).slice(0, -2), '', 'nothing known'];
    const { feeds: reports, strays } = checkFeeds({
      feeds,
      received: [...received, ...rest],
      cutOff,
      format: 'json',
    });
    expect(Object.fromEntries(reports)).toEqual({
      well: { ...right, torn: 1 },
      loses: { ...right, lost: [serial(4)] },
      repeats: { ...right, repeated: 1 },
      reorders: { ...right, reordered: 1 },
      tears: { ...right, torn: 2 },
      breaks: { ...right, malformed: [broken] },
      'is silent': right,
    });
    expect(strays).toMatchObject({ malformed: ['no event'], torn: 1, unknown: [serial(99)] });
  });

  it('agrees with a count, whatever is lost, repeated or shuffled', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 30 }));
    fc.assert(
      fc.property(numbers, numbers, (sent, got) => {
        const report = check(sent, got.map(json));
        const count = (list: readonly number[], n: number): number =>
          list.filter((other) => other === n).length;
        const all = [...new Set(sent)];
        expect(report.lost).toEqual(all.filter((n) => count(got, n) < count(sent, n)).map(serial));
        const beyond = all.map((n) => Math.max(0, count(got, n) - count(sent, n)));
        expect(report.repeated).toBe(beyond.reduce((sum, n) => sum + n, 0));
        expect(report.unknown).toHaveLength(got.filter((n) => !sent.includes(n)).length);
      }),
    );
  });

  it('checks 100,000 lines in a moment', () => {
    const events = makeEvents('auth', { count: 100_000, fromMs: Date.UTC(2024, 0, 1) });
    const lines = events.map(textOf);
    const startedMs = performance.now();
    expect(checkSequence({ sent: events, received: lines, format: 'json' })).toEqual(right);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
