import { describe, expect, it } from 'vitest';
import { degradedSample, healthySample, manySample } from '../../../scripts/status-samples.ts';

describe('the snapshots that the page is shown with', () => {
  it('are the same each time', () => {
    expect(healthySample()).toEqual(healthySample());
  });

  it('are a healthy program, one in trouble, and one with 10,000 feeds', () => {
    expect(healthySample()).toMatchObject({ state: 'healthy', totals: { feeds: 24, well: 24 } });
    const { problems, duo } = degradedSample();
    expect(problems.map(({ code }) => code)).toEqual([
      'duo_invalid_key',
      'server_refused',
      'paused',
    ]);
    expect(duo?.rate_limited).toBe(37);
    expect(manySample().totals).toMatchObject({ feeds: 10_000, accounts: 2_000 });
  });

  it('have a day behind them', () => {
    const { last_day: day, delivered, rate } = healthySample().totals;
    expect(day.filter((count) => count > 0).length).toBeGreaterThan(40);
    expect(delivered).toBeGreaterThan(10_000);
    expect(rate).toBeGreaterThan(0.5);
  });
});
