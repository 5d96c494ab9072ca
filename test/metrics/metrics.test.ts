import { describe, expect, it } from 'vitest';
import { sampleBackfill } from '../../scripts/status-samples.ts';
import { Latency } from '../../src/core/latency.ts';
import { metricsPage } from '../../src/metrics/docs.ts';
import { duoMetrics } from '../../src/metrics/duo.ts';
import { feedMetrics } from '../../src/metrics/feeds.ts';
import { metrics } from '../../src/metrics/index.ts';
import { feedLabelsOf } from '../../src/metrics/metric.ts';
import { processMetrics } from '../../src/metrics/process.ts';
import { programMetrics } from '../../src/metrics/program.ts';
import { serverMetrics } from '../../src/metrics/servers.ts';
import { metricsText, nameOf } from '../../src/metrics/text.ts';
import { Histories } from '../../src/status/history.ts';
import type { Look } from '../../src/status/monitor.ts';
import type { Kept, Parts } from '../../src/status/parts.ts';
import { snapshotOf } from '../../src/status/snapshot.ts';
import { feedPart, nothingKept, nowMs, parts, refused, serverPart } from '../status/parts.ts';

function lookAt(more: Partial<Parts> = {}, kept: Kept = nothingKept): Look {
  const all = parts(more);
  return { parts: all, kept, snapshot: snapshotOf(all, new Histories(), kept) };
}

function textOf(look: Look, accountLabel = true): string {
  return metricsText(metrics, look, { accountLabel });
}

describe('the list of metrics', () => {
  it('is made of those of the program, feeds, servers, Duo and the process', () => {
    const groups = [programMetrics, feedMetrics, serverMetrics, duoMetrics, processMetrics];
    expect(metrics).toEqual(groups.flat());
    for (const group of groups) expect(group.length).toBeGreaterThan(0);
  });

  it.each(metrics.map((metric) => [nameOf(metric), metric] as const))(
    '%s has a name of its kind, help, and only the labels it tells',
    (name, { type, help, labels, bounds, samples }) => {
      const look = busy();
      const found = samples({ ...look, feedLabels: feedLabelsOf(look.parts.feeds, true) });
      expect(name).toMatch(/^[a-z][a-z_]*[a-z]$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(bounds !== undefined).toBe(type === 'histogram');
      for (const sample of found) {
        expect(labels).toEqual(expect.arrayContaining(Object.keys(sample.labels)));
      }
      expect(found).not.toHaveLength(0);
    },
  );

  it('has no name twice', () => {
    expect(new Set(metrics.map(nameOf)).size).toBe(metrics.length);
  });

  it('is documented whole', () => {
    for (const metric of metrics) expect(metricsPage()).toContain(`| \`${nameOf(metric)}\` |`);
  });
});

describe('the metrics of a program', () => {
  it('that is well say so', () => {
    const text = textOf(lookAt());
    expect(text).toContain('duologsync_healthy 1\n');
    expect(text).toContain('duologsync_problems{kind="server"} 0\n');
    expect(text).toContain('duologsync_sink_up{server="siem",protocol="TCP"} 1\n');
    expect(text).toMatch(/duologsync_feed_lag_seconds\{account="api-1\.example",.*\} 12\n/);
  });

  it('in trouble tell the same story as its status', () => {
    const look = lookAt({ servers: [serverPart('siem', refused)] }, { gaps: 2, deadLetters: 5 });
    const text = textOf(look);
    expect(look.snapshot.problems.map(({ kind }) => kind)).toEqual([
      'server',
      'gaps',
      'dead_letters',
    ]);
    expect(text).toContain('duologsync_healthy 0\n');
    expect(text).toContain('duologsync_problems{kind="server"} 1\n');
    expect(text).toContain('duologsync_gaps_unacknowledged 2\n');
    expect(text).toContain('duologsync_dead_letters 5\n');
    expect(text).toContain('duologsync_sink_up{server="siem",protocol="TCP"} 0\n');
    expect(text.match(/^duologsync_feed_up\{.*\} 0$/gm)).toHaveLength(2);
  });

  it('has no series twice, also when two child accounts have one name', () => {
    const children = ['DA1', 'DA2'].map((id) =>
      feedPart('auth', { delivered: 5 }, { account: { id, name: 'Acme "x"' } }),
    );
    const lines = textOf(lookAt({ feeds: children })).split('\n');
    const series = lines
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \S+$/, ''));
    expect(new Set(series).size).toBe(series.length);
    expect(textOf(lookAt({ feeds: children }), false)).toContain(
      'duologsync_events_sent_total{endpoint="auth",server="siem"} 10\n',
    );
  });

  it('count calls to Duo by how they ended, and how long they took', () => {
    const text = textOf(busy());
    expect(text).toContain('duologsync_duo_requests_total{endpoint="auth",code="ok"} 3\n');
    expect(text).toContain('duologsync_duo_request_seconds_bucket{endpoint="auth",le="0.25"} 1\n');
    expect(text).toContain('duologsync_duo_request_seconds_count{endpoint="auth"} 1\n');
  });

  it('tell when certificates end, whosever they are, and which log is silent as far as that is known', () => {
    const text = textOf(busy());
    const ends = nowMs / 1000 + 86_400;
    for (const labels of [
      'of="duo",server=""',
      'of="server",server="siem"',
      'of="client",server="siem"',
    ]) {
      expect(text).toContain(
        `duologsync_certificate_expiry_timestamp_seconds{${labels}} ${ends}\n`,
      );
    }
    expect(text).toContain('duologsync_log_silent{endpoint="auth"} 1\n');
    expect(text).toContain('duologsync_log_silent{endpoint="activity"} 0\n');
    expect(text).not.toContain('duologsync_log_silent{endpoint="telephony"}');
    expect(textOf(lookAt())).not.toContain('duologsync_log_silent');
  });

  it('name the longest interval of a log, and the newest poll of accounts without labels', () => {
    const children = [120, 3_600].map((seconds) =>
      feedPart(
        'auth',
        { lastCycleMs: nowMs - seconds * 1000 },
        { account: { id: `DA${seconds}`, name: 'Acme' }, intervalMs: seconds * 1000 },
      ),
    );
    const text = textOf(lookAt({ feeds: children }), false);
    expect(text).toContain('duologsync_poll_interval_seconds{endpoint="auth"} 3600\n');
    expect(text).toContain(
      `duologsync_last_success_timestamp_seconds{endpoint="auth",server="siem"} ${nowMs / 1000 - 120}\n`,
    );
  });

  it('tell of a backfill while one runs', () => {
    const idle = textOf(lookAt());
    expect(idle).toContain('duologsync_backfill_running 0\n');
    expect(idle).not.toMatch(/^duologsync_backfill_(done_ratio|events) /m);
    const text = textOf(busy());
    expect(text).toContain('duologsync_backfill_running 1\n');
    expect(text).toContain('duologsync_backfill_done_ratio 0.744\n');
    expect(text).toContain('duologsync_backfill_events 801450\n');
  });

  it('say that a config file cannot be taken over', () => {
    const wrong = { code: 'config_invalid', what: 'c.yml', sinceMs: nowMs, message: 'wrong' };
    const text = textOf(lookAt({ others: [{ ...wrong, side: 'config' }] }));
    expect(text).toContain('duologsync_config_reload_failed 1\n');
  });
});

/** Something of everything. */
function busy(): Look {
  const latency = new Latency();
  latency.add(0.2);
  const byEndpoint = new Map([['auth', { codes: new Map([['ok', 3]]), latency }]]);
  const status = { received: 4, lastCycleMs: nowMs - 1_000 };
  const heartbeat = { everySeconds: 60, sent: 4, dropped: 1, lastSentMs: nowMs };
  const server = { ...serverPart('siem'), heartbeat };
  const endsMs = nowMs + 86_400_000;
  const state = { ...server.state, reconnects: 1, certificateEndsMs: endsMs };
  const silence = { accounts: 1, sinceMs: nowMs - 7_200_000, afterMs: 3_600_000 };
  return lookAt({
    feeds: [feedPart('auth', status, { intervalMs: 120_000 })],
    servers: [{ ...server, state, clientCertificateEndsMs: endsMs }],
    duo: {
      ...{ calls: 3, limited: 1, behindMs: 400, byEndpoint },
      certificate: { host: 'api-1.example', endsMs },
    },
    silences: [
      { ...silence, endpoint: 'auth', isSilent: true },
      { ...silence, endpoint: 'activity', isSilent: false },
      { ...silence, endpoint: 'telephony', isSilent: undefined },
    ],
    backfill: sampleBackfill,
  });
}
