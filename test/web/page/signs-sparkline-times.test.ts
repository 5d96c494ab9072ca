import { describe, expect, it } from 'vitest';
import { markup } from '../../../src/web/page/markup.ts';
import { iconOf, signDrawings, signOf } from '../../../src/web/page/signs.ts';
import { sparkline } from '../../../src/web/page/sparkline.ts';
import { age, secondsOf, sinceOf, soon, timeOf } from '../../../src/web/page/times.ts';

describe('a sign', () => {
  it('is drawn once and used by name; the reader of a screen hears the word beside it', () => {
    for (const sign of ['ok', 'bad', 'warn', 'pause', 'busy'] as const) {
      expect(signDrawings().text).toContain(`id="s-${sign}"`);
      expect(signOf(sign).text).toMatch(new RegExp(`aria-hidden="true"><use href="#s-${sign}"`));
    }
  });

  it('is the icon in the browser’s tab too, of another shape when something is wrong', () => {
    expect(iconOf(true)).toMatch(/^data:image\/svg\+xml,%3Csvg/);
    expect(iconOf(false)).not.toBe(iconOf(true));
  });
});

describe('a sparkline', () => {
  const options = { one: 'event', span: 'in 24 hours' };

  it('is as high as the highest count, and shows one event of a million', () => {
    const { text } = sparkline([0, 1, 1_000_000], options);
    expect(text).toContain('d="M2 16v-1.5h1.5v1.5zM4 16v-16h1.5v16z"');
    expect(text).toContain(
      'aria-label="1,000,001 events in 24 hours, at most 1,000,000 events in half an hour"',
    );
  });

  it('of nothing is a line', () => {
    expect(sparkline([0, 0], options).text).toContain('<path d=""/>');
    expect(sparkline([0, 0], options).text).toContain('aria-label="0 events in 24 hours"');
  });
});

describe('times', () => {
  const at = '2026-11-22T02:30:00.000Z';

  it('are UTC, with the day when it is another one, and how long ago that is', () => {
    expect(timeOf('2026-11-22T02:24:00.000Z', at).text).toBe(
      '<time datetime="2026-11-22T02:24:00.000Z">02:24:00Z</time>',
    );
    expect(markup`${sinceOf('2026-11-21T02:24:00.000Z', at)}`.text).toMatch(
      /2026-11-21 02:24:00Z<.*\(1 d\)/,
    );
    expect(age('2026-11-22T02:24:00.000Z', at)).toBe('6 min');
    expect(timeOf(null, at).text).toContain('–');
  });

  it('that come tell how soon', () => {
    expect(soon('2026-11-22T02:30:22.000Z', at).text).toContain('>in 22 s<');
    expect(soon('2026-11-22T02:29:22.000Z', at).text).toContain('>now<');
    expect(soon(null, at).text).toContain('–');
  });

  it('of calls are milliseconds, or seconds when they are long', () => {
    expect([secondsOf(0.2104), secondsOf(1.44)]).toEqual(['210 ms', '1.4 s']);
    expect(secondsOf(null)).not.toBe('');
  });
});
