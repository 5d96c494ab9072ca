import fc from 'fast-check';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createProgramLog } from '../../src/core/program-log.ts';
import type { JsonValue } from '../../src/core/types.ts';
import { type EndpointName, endpoints } from '../../src/endpoints/index.ts';
import { formatters } from '../../src/formatters/index.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { startTcpReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';
import { eventOf, options, origin } from '../formatters/events.ts';
import { forward, makeWorkplace, until } from '../helpers/program.ts';

/** Breaks lines, ends texts, colours and rewinds terminals, turns the reading direction. */
const hostile = [
  '\n',
  '\r',
  '\r\n',
  '\0',
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\b\b\b',
  '\u007f',
  '\u0085',
  '\u009b31m',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\ud800',
  '\ufeff',
  'CEF:0|a|b|c|d|e|1|',
  '<134>1 - - - - - ',
  '2026-02-13 18:56:20 ERROR ',
  '|',
  '=',
  '\\',
  '"',
  '{}',
  '10 ',
];
const nasty = fc
  .array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'grapheme', maxLength: 4 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

/** Where Duo puts what an attacker chooses: names of users, devices, applications, groups. */
function rowOf(texts: readonly string[]): Record<string, JsonValue> {
  const at = (index: number): string => texts[index % Math.max(1, texts.length)] ?? '';
  return {
    txid: at(0),
    action: at(1),
    username: at(2),
    phone: at(3),
    description: at(4),
    object: at(5),
    result: at(6),
    reason: at(7),
    user: { name: at(0), key: at(1), groups: [at(2), at(3)] },
    access_device: { hostname: at(4), ip: at(5), browser: at(6), location: { city: at(7) } },
    application: { name: at(1), key: at(2) },
    actor: { name: at(3), type: at(4), details: at(5) },
    target: { name: at(6), type: at(7) },
    [at(0)]: at(1),
    timestamp: 1_771_008_980,
    isotimestamp: '2026-02-13T18:56:20.000000+00:00',
    ts: '2026-02-13T18:56:20.000000+00:00',
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const oneLine = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;

function expectOneEvent(line: Uint8Array, format: keyof typeof formatters): void {
  const text = utf8.decode(line);
  expect(text).toMatch(oneLine);
  if (format === 'JSON') expect(JSON.parse(text)).toBeTypeOf('object');
  // One header, which nothing inside can end early or begin anew.
  else expect(text).toMatch(/^[^|]*CEF:0(?:\|(?:[^|\\]|\\[|\\])*){6}\|/);
  // Octet counting (RFC 6587) begins with a digit.
  expect(text).not.toMatch(/^\d/);
}

/** As Duo may send it: such signs escaped, or as they are. */
function textOf(row: JsonValue, ascii: boolean): string {
  const text = JSON.stringify(row);
  return ascii ? text.replace(/[^\x20-\x7e]/g, escaped) : text;
}

describe('a value that an attacker chooses', () => {
  it.each(Object.keys(formatters) as (keyof typeof formatters)[])(
    'is inside one line of %s, whatever it holds: no second line, no control character, no new event',
    (name) => {
      fc.assert(
        fc.property(
          fc.array(nasty, { minLength: 1, maxLength: 8 }),
          fc.constantFrom(...(Object.keys(endpoints) as EndpointName[])),
          fc.constantFrom('python', 'compact'),
          fc.constantFrom('compat', 'improved'),
          fc.boolean(),
          (texts, endpoint, jsonStyle, cefProfile, ascii) => {
            const formatter = formatters[name].create({ ...options, jsonStyle, cefProfile });
            const event = eventOf(textOf(rowOf(texts), ascii));
            const { profile } = endpoints[endpoint];
            expectOneEvent(formatter.format(event, { ...origin, endpoint }, profile), name);
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  it('arrives at every kind of server as the one line that it is', async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    const json = await startTcpReceiver();
    const cef = await startTcpReceiver();
    const udp = await startUdpReceiver();
    const workplace = await makeWorkplace(duo, [
      { id: 'json', protocol: 'TCP', port: json.port, endpoints: ['auth'] },
      { id: 'cef', protocol: 'TCP', port: cef.port, endpoints: ['auth'], format: 'CEF' },
      { id: 'udp', protocol: 'UDP', port: udp.port, endpoints: ['auth'] },
    ]);
    const count = 60;
    const texts = fc.sample(fc.array(nasty, { minLength: 1, maxLength: 8 }), { numRuns: count });
    const nowSeconds = Math.floor(Date.now() / 1000) - count;
    const rows = texts.map((one, index) => {
      const isotimestamp = new Date((nowSeconds + index) * 1000).toISOString();
      const row = { ...rowOf(one), txid: `id-${index}`, isotimestamp };
      return textOf({ ...row, timestamp: nowSeconds + index }, index % 2 === 0);
    });
    duo.add('auth', rows);
    const program = forward(workplace);
    try {
      const arrived = (): boolean =>
        [json, cef, udp].every((server) => server.lines().length >= count);
      await until('all to arrive', arrived, 60_000);
      await program.kill('SIGTERM');
      for (const server of [json, cef, udp]) {
        expect(server.lines()).toHaveLength(count);
        for (const line of server.lines()) expectOneEvent(line, server === cef ? 'CEF' : 'JSON');
      }
      for (const line of (await workplace.log()).trimEnd().split('\n')) {
        expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:INFO|WARNING|ERROR) /);
        expect(line).toMatch(oneLine);
      }
    } finally {
      await program.kill('SIGKILL');
      await Promise.all([duo.close(), json.stop(), cef.stop(), udp.stop()]);
      await workplace.remove();
    }
  }, 120_000);

  it("is inside one line of the program's own log, whatever it holds, and colours no terminal", async () => {
    const lines: string[] = [];
    const console = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString('utf8'));
        done();
      },
    });
    const { log, close } = createProgramLog({ console, level: 'info', clock: systemClock });
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (sentence, value) => {
        lines.length = 0;
        log.warn(sentence, { [value]: value, list: [value, { [value]: value }] });
        await new Promise((resolve) => setImmediate(resolve));
        expect(lines.join('')).toMatch(
          /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING [^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*\n$/u,
        );
      }),
      { numRuns: 500 },
    );
    await close();
  });
});

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
