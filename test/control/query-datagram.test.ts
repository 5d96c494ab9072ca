import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestQuery, parseQuery } from '../../src/control/query-datagram.ts';

const parse = (text: string) => parseQuery(Buffer.from(text));

describe('a datagram of the query port', () => {
  it.each([
    ['s', '', 'status'],
    ['stop', '', 'status'],
    ['42 status', '42 ', 'status'],
    ['  7  s', '  7  ', 'status'],
    ['ack', '', 'clear'],
    ['clear\r\n', '', 'clear'],
    ['9 help\nthread auth stop', '9 ', 'help'],
    ['rotate', '', 'rotate'],
    ['newlog', '', 'rotate'],
    ['Help', '', 'unknown'],
    ['thread auth', '', 'unknown'],
    ['thread auth interval 6 0', '', 'unknown'],
    ['help me', '', 'unknown'],
  ])('%j asks, after the prefix %j, for %s', (text, prefix, kind) => {
    expect(parse(text)).toEqual({ prefix, ask: { kind } });
  });

  it('names a thread, what is to happen to it, and a value', () => {
    expect(parse('1 thread auth interval 60 ')).toEqual({
      prefix: '1 ',
      ask: { kind: 'thread', name: 'auth', option: 'interval', value: '60' },
    });
  });

  it.each(['', '42', ' 4 2 ', '\n', '7\ns'])('%j asks for nothing', (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it('is none of ours when it is no text or too long, unless that stands behind a newline', () => {
    expect(parseQuery(Buffer.from([0x73, 0xff]))).toBeUndefined();
    expect(parseQuery(Buffer.from([0x73, 0x0a, 0xff]))).toBeDefined();
    expect(parseQuery(Buffer.alloc(longestQuery, 's'))).toBeDefined();
    expect(parseQuery(Buffer.alloc(longestQuery + 1, 's'))).toBeUndefined();
  });

  it('may hold anything: it is read or left, the prefix is its beginning, and what follows a newline is nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 1_100 }),
        fc.uint8Array({ maxLength: 50 }),
        (head, tail) => {
          const query = parseQuery(head);
          if (query !== undefined) {
            expect(Buffer.from(head).toString('latin1').startsWith(query.prefix)).toBe(true);
            expect(query.prefix).toMatch(/^[0-9 ]*$/);
          }
          const line = head.filter((byte) => byte !== 0x0a).slice(0, 900);
          expect(parseQuery(Buffer.concat([line, Buffer.from('\n'), tail]))).toEqual(
            parseQuery(line),
          );
        },
      ),
    );
  });

  it('echoes any prefix of digits and spaces, whatever the command', () => {
    const prefix = fc.string({ unit: fc.constantFrom(...'0123456789 '), maxLength: 40 });
    const command = fc.constantFrom('s', 'help', 'ack', 'rotate', 'bogus', 'thread auth stop');
    fc.assert(
      fc.property(prefix, command, (digits, word) => {
        expect(parse(`${digits}${word}`)).toEqual({ ...parse(word), prefix: digits });
      }),
    );
  });
});
