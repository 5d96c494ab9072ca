import { describe, expect, it } from 'vitest';
import { formatters } from '../src/formatters/index.ts';
import { type Beat, heartbeatLine } from '../src/heartbeat-line.ts';

const options: Parameters<(typeof formatters)['JSON']['create']>[0] = {
  jsonStyle: 'python',
  jsonAdd: 'dls',
  cefTime: 'utc',
  cefLeadingSpace: false,
  cefProfile: 'compat',
  cefVendor: 'Duo Security',
  cefProduct: 'DuoLogSync',
  cefSeverityOverrides: {},
  version: '3.0.0',
};

const nowMs = Date.parse('2026-11-22T02:30:00.250Z');
const beat: Beat = {
  nowMs,
  startedMs: nowMs - 7_200_900,
  number: 42,
  everySeconds: 60,
  server: 'siem',
  sender: 'log-host',
  account: { id: undefined, name: 'ours', apiHost: 'api-1.example:8443' },
  version: '3.0.0',
  isDegraded: false,
  problems: 0,
};

const lineOf = (
  format: keyof typeof formatters,
  more: Partial<typeof options> = {},
  facts: Partial<Beat> = {},
): string =>
  Buffer.from(
    heartbeatLine(formatters[format].create({ ...options, ...more }), { ...beat, ...facts }),
  ).toString('utf8');

describe('a heartbeat', () => {
  it('in JSON is an object that says who, how and when, labelled like an event', () => {
    const line = lineOf('JSON');
    expect(JSON.parse(line)).toEqual({
      timestamp: 1_795_314_600,
      isotimestamp: '2026-11-22T02:30:00.250Z',
      state: 'healthy',
      problems: 0,
      number: 42,
      every_seconds: 60,
      up_seconds: 7200,
      server: 'siem',
      sender: 'log-host',
      version: '3.0.0',
      eventtype: 'duologsync_heartbeat',
      host: 'api-1.example',
    });
    expect(line).toContain('"state": "healthy"');
    expect(lineOf('JSON', { jsonStyle: 'compact' })).toContain('"state":"healthy"');
    expect(line).not.toContain('\n');
  });

  it('in CEF has a signature id of its own under the configured vendor and product', () => {
    expect(lineOf('CEF')).toBe(
      'Nov 22 02:30:00 log-host CEF:0|Duo Security|DuoLogSync|3.0.0|duologsync.heartbeat|duologsync heartbeat|1|' +
        'rt=1795314600250 cat=duologsync_heartbeat dvchost=api-1.example outcome=healthy ' +
        'cn1Label=problems cn1=0 cn2Label=number cn2=42 cn3Label=every_seconds cn3=60 ' +
        'cs1Label=server cs1=siem cs2Label=sender cs2=log-host',
    );
    const own = { cefVendor: 'Cisco', cefProduct: 'Duo', cefLeadingSpace: true };
    expect(lineOf('CEF', own)).toContain('CEF:0|Cisco|Duo|3.0.0|duologsync.heartbeat|');
    expect(lineOf('CEF', own)).toContain('|1| rt=');
  });

  it('says that the program is degraded, with a higher severity', () => {
    const wrong = { isDegraded: true, problems: 3 };
    expect(JSON.parse(lineOf('JSON', {}, wrong))).toMatchObject({ state: 'degraded', problems: 3 });
    expect(lineOf('CEF', {}, wrong)).toContain('|duologsync heartbeat|5|rt=');
    const severity = { cefSeverityOverrides: { 'duologsync.heartbeat': 9 } };
    expect(lineOf('CEF', severity, wrong)).toContain('|duologsync heartbeat|9|rt=');
  });
});
