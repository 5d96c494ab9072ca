import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { parse } from 'yaml';
import { promtool, quickAlerts } from '../helpers/prometheus.ts';
import { deployed, root } from './files.ts';

describe('the alerts, by Prometheus itself', () => {
  it('are right', () => {
    const { code, said } = promtool(['check', 'rules', 'alerts.yml']);
    expect(said).toMatch(/SUCCESS: \d+ rules found/);
    expect(code).toBe(0);
  });

  it('fire for what they are for and for nothing else', () => {
    const tests = join(root, 'test', 'deploy', 'alerts-test.yml');
    const { code, said } = promtool(['test', 'rules', tests]);
    expect(said).toContain('SUCCESS');
    expect(code).toBe(0);
    const { tests: cases } = parse(deployed('../test/deploy/alerts-test.yml')) as {
      readonly tests: readonly unknown[];
    };
    const tested = JSON.stringify(cases);
    for (const [, name = ''] of deployed('prometheus/alerts.yml').matchAll(/alert: (\w+)/g)) {
      expect(tested, name).toContain(`alertname=\\"${name}\\"`);
    }
  });

  it('can be told in another time, by which a test need not wait for minutes', () => {
    const quick = quickAlerts(deployed('prometheus/alerts.yml'), 300);
    expect(quick).toContain('clamp_min(3 * duologsync_poll_interval_seconds, 3)');
    expect(quick).toContain('rate(duologsync_rate_limited_total[3000ms])');
    expect(quick).toContain('duologsync_gaps_unacknowledged > 0');
  });
});
