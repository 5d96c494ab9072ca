import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Effect } from '../../src/simulator/faults.ts';
import { until } from '../helpers/program.ts';
import { openRig, type Rig } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

interface Case {
  readonly fault: string;
  readonly effect: Effect;
  readonly code: string;
  /** What the log's line says of the cause, and of the remedy. */
  readonly says: RegExp;
  readonly hint: RegExp;
}

const html = { contentType: 'text/html' } as const;
const portal = '<html><head><title>Guest WiFi\n login</title></head></html>';
const cases: readonly Case[] = [
  {
    fault: 'answers 500',
    effect: { kind: 'fail', status: 500, code: 50001, message: 'Unknown internal server error' },
    code: 'duo_server_error',
    says: /500, code 50001: Unknown internal server error/,
    hint: /status page/,
  },
  {
    fault: 'has a page of its edge in its place (502)',
    effect: { kind: 'status', status: 502, body: '<html><title>502 Bad Gateway</title>' },
    code: 'duo_server_error',
    says: /502 with a page titled "502 Bad Gateway"/,
    hint: /status page/,
  },
  {
    fault: 'answers 503 without a body',
    effect: { kind: 'status', status: 503 },
    code: 'duo_server_error',
    says: /503 with an empty body/,
    hint: /status page/,
  },
  {
    fault: 'answers 504 with half a body',
    effect: { kind: 'status', status: 504, body: '{"stat":"FA' },
    code: 'duo_server_error',
    says: /504/,
    hint: /status page/,
  },
  {
    fault: 'says FAIL and not why',
    effect: { kind: 'fail', code: '', message: 'odd' },
    code: 'duo_failed',
    says: /200: odd/,
    hint: /report the text/,
  },
  {
    fault: 'ends the connection instead of answering',
    effect: { kind: 'cutBeforeHeaders' },
    code: 'duo_reset',
    says: /Waiting for the answer of localhost/,
    hint: /firewall or proxy/,
  },
  {
    fault: 'cuts each body in half',
    effect: { kind: 'cutMidBody' },
    code: 'duo_truncated',
    says: /Reading the answer of localhost/,
    hint: /cuts long answers/,
  },
  {
    fault: 'cuts each body in half, chunked',
    effect: { kind: 'cutMidBody', chunked: true },
    code: 'duo_truncated',
    says: /Reading the answer of localhost/,
    hint: /cuts long answers/,
  },
  {
    fault: 'ends half a JSON text cleanly',
    effect: { kind: 'truncatedJson' },
    code: 'duo_bad_json',
    says: /not valid JSON at byte \d+/,
    hint: /proxy and firewall/,
  },
  {
    fault: 'has a login page in its place',
    effect: { kind: 'status', status: 200, body: portal, ...html },
    code: 'duo_not_json',
    says: /200 with a page titled "Guest WiFi login"/,
    hint: /login or block page of a proxy/,
  },
  {
    fault: 'has a block page in its place',
    effect: { kind: 'status', status: 403, body: '<title>Blocked</title>', ...html },
    code: 'duo_not_json',
    says: /403 with a page titled "Blocked"/,
    hint: /login or block page of a proxy/,
  },
  {
    fault: 'answers with no list of rows',
    effect: { kind: 'wrongShape', body: '{"stat":"OK","response":null}' },
    code: 'duo_wrong_shape',
    says: /no list of rows as response.authlogs/,
    hint: /update of duologsync/,
  },
  {
    fault: 'answers with a list that holds no rows',
    effect: {
      kind: 'wrongShape',
      body: '{"stat":"OK","response":{"authlogs":["a",1,null],"metadata":{}}}',
    },
    code: 'duo_wrong_shape',
    says: /none of its rows is an object/,
    hint: /update of duologsync/,
  },
  {
    fault: 'answers with JSON of something else',
    effect: { kind: 'wrongShape', body: '{"hello":"world"}' },
    code: 'duo_wrong_shape',
    says: /not an answer of Duo’s API/,
    hint: /account.hostname/,
  },
  {
    fault: 'says nothing',
    effect: { kind: 'stall' },
    code: 'duo_timeout',
    says: /no whole answer in 1 s/,
    hint: /port 443/,
  },
  {
    fault: 'falls silent in the middle of each body',
    effect: { kind: 'stall', afterBytes: 10 },
    code: 'duo_timeout',
    says: /no whole answer in 1 s/,
    hint: /port 443/,
  },
  {
    fault: 'drips each body byte by byte',
    effect: { kind: 'slowDrip', bytesPerSecond: 20 },
    code: 'duo_timeout',
    says: /no whole answer in 1 s/,
    hint: /port 443/,
  },
  {
    fault: 'sends bodies without end',
    effect: { kind: 'endlessBody' },
    code: 'duo_body_too_large',
    says: /more than 2000000 bytes/,
    hint: /proxy/,
  },
  {
    fault: 'sends a gigabyte packed into a megabyte',
    effect: { kind: 'gzipBomb' },
    code: 'duo_body_too_large',
    says: /more than 2000000 bytes/,
    hint: /proxy/,
  },
  {
    fault: 'says gzip and sends something else',
    effect: {
      kind: 'status',
      status: 200,
      body: 'no gzip',
      headers: { 'Content-Encoding': 'gzip' },
    },
    code: 'duo_bad_encoding',
    says: /Z_DATA_ERROR/,
    hint: /compressed/,
  },
  {
    fault: 'sends a header of 20 kB',
    effect: { kind: 'status', status: 200, headers: { 'X-Long': 'x'.repeat(20_000) } },
    code: 'duo_bad_http',
    says: /UND_ERR_HEADERS_OVERFLOW/,
    hint: /no valid HTTP/,
  },
  {
    fault: 'redirects elsewhere',
    effect: { kind: 'redirect', location: 'https://login.test:8443/path?secret=1' },
    code: 'duo_redirect',
    says: /a redirect to login.test:8443$/,
    hint: /never followed/,
  },
];

describe('the whole program, while Duo', () => {
  it.each(cases)('$fault, waits, says so and goes on', async ({ effect, code, says, hint }) => {
    // Where a deadline is the point it is short; elsewhere a busy machine must not reach it.
    const deadlineMs = code === 'duo_timeout' ? 1_000 : 10_000;
    rig = await openRig({ overrides: { calls: { deadlineMs, maxBodyBytes: 2_000_000 } } });
    const { duo, said } = rig;
    rig.add('auth', 5);
    rig.add('telephony', 5);
    await rig.arrived();
    duo.faults.push({ ...effect, endpoint: 'auth', times: Infinity });
    const line = await rig.told(code, 'auth');
    expect(line).toMatchObject({ level: 'warn', fields: { feed: 'auth > siem' } });
    expect(line.fields['message']).toMatch(says);
    expect(line.fields['hint']).toMatch(hint);
    rig.add('auth', 5);
    rig.add('telephony', 5);
    await rig.arrived('telephony');
    expect(rig.report('auth').lost).toHaveLength(5);
    duo.faults.clear();
    await rig.arrived();
    expect(rig.report()).toMatchObject({ lost: [], repeated: 0, malformed: [], unknown: [] });
    const ofFeed = said.filter(({ fields }) => fields['feed'] === 'auth > siem');
    expect(ofFeed.flatMap(({ fields }) => fields['code'] ?? [])).toEqual([code]);
    await until('the feed to be well', () => {
      return said.some(({ sentence, fields }) => {
        return fields['feed'] === 'auth > siem' && sentence === 'The feed is well again';
      });
    });
  });
});
