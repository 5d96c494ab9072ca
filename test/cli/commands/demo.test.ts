import { describe, expect, it } from 'vitest';
import { start } from '../../helpers/program.ts';

describe('demo', () => {
  it('shows lines, an outage and its end, and ends by itself with lost 0', async () => {
    const demo = start(['demo']);
    expect(await demo.ended).toBe(0);
    const text = demo.stdout();
    expect(text).toContain('siem-tcp goes down');
    expect(text).toContain('siem-tcp is back');
    expect(text).toMatch(/CEF:0\|Duo Security\|/);
    expect(text).toMatch(/^lost 0$/m);
    expect(demo.stderr()).toBe('');
  }, 90_000);
});
