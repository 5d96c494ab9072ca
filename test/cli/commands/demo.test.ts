import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/status/snapshot.ts';
import { start, until } from '../../helpers/program.ts';

describe('demo', () => {
  it('shows lines, an outage and its end, and ends by itself with lost 0', async () => {
    const demo = start(['demo']);
    await until('an outage', () => demo.stdout().includes('siem-tcp goes down'), 60_000);
    const [, page = ''] = /^Status page +(\S+)$/m.exec(demo.stdout()) ?? [];
    const shown = (await (await fetch(`${page}api/v1/status`)).json()) as Snapshot;
    expect(shown.totals.delivered).toBeGreaterThan(2_000);
    expect(await (await fetch(page)).text()).toContain('siem-tcp');
    expect(await demo.ended).toBe(0);
    const text = demo.stdout();
    expect(text).toContain('siem-tcp goes down');
    expect(text).toContain('siem-tcp is back');
    expect(text).toMatch(/CEF:0\|Duo Security\|/);
    expect(text).toMatch(/^lost 0$/m);
    expect(demo.stderr()).toBe('');
  }, 90_000);
});
