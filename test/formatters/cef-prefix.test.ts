import { afterEach, describe, expect, it } from 'vitest';
import { cefPrefix } from '../../src/formatters/cef-prefix.ts';

const timeMs = Date.UTC(2026, 1, 3, 4, 6, 9, 999);
const zone = process.env['TZ'];

afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('The date and host before a CEF line', () => {
  it('is in UTC wherever the machine is, the day with a zero and the month in English', () => {
    process.env['TZ'] = 'Asia/Tokyo';
    expect(cefPrefix(timeMs, 'fwd01', 'utc')).toBe('Feb 03 04:06:09 fwd01 ');
  });

  it('is in local time when asked to, as DLS writes it', () => {
    process.env['TZ'] = 'America/New_York';
    expect(cefPrefix(timeMs, 'fwd01', 'local')).toBe('Feb 02 23:06:09 fwd01 ');
    process.env['TZ'] = 'Asia/Tokyo';
    expect(cefPrefix(timeMs, 'fwd01', 'local')).toBe('Feb 03 13:06:09 fwd01 ');
  });

  it('knows all months', () => {
    const names = Array.from({ length: 12 }, (_, month) =>
      cefPrefix(Date.UTC(2026, month, 15), 'h', 'utc').slice(0, 3),
    );
    expect(names.join(' ')).toBe('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec');
  });

  it('keeps the host one word that cannot be taken for anything else', () => {
    expect(cefPrefix(timeMs, 'my host|CEF:0\n', 'utc')).toBe('Feb 03 04:06:09 my-host-CEF-0- ');
    expect(cefPrefix(timeMs, 'fe80::1', 'utc')).toBe('Feb 03 04:06:09 fe80--1 ');
    expect(cefPrefix(timeMs, '', 'utc')).toBe('Feb 03 04:06:09 localhost ');
    expect(cefPrefix(timeMs, 'SRV_01.corp.example.com', 'utc')).toContain(
      ' SRV_01.corp.example.com ',
    );
  });
});
