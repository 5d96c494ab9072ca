import { describe, expect, it } from 'vitest';
import { api } from '../../src/config/api-settings.ts';

describe('the settings of the calls to Duo', () => {
  it('are those of Duo Log Sync and sensible ones when nothing is said', () => {
    expect(api.parse({})).toEqual({
      offset: 180,
      timeout: 120,
      settle_seconds: 120,
      lookback_minutes: 40,
      reread_minutes: 10,
      requests_per_minute: 'auto',
      signature: 'v5',
    });
  });

  it.each([
    [{ offset: 181 }],
    [{ settle_seconds: -1 }],
    [{ lookback_minutes: 1441 }],
    [{ reread_minutes: 0 }],
    [{ requests_per_minute: 0 }],
    [{ signature: 'v3' }],
    [{ unknown: 1 }],
  ])('keep within what can work: %j is refused', (settings) => {
    expect(api.safeParse(settings).success).toBe(false);
  });
});
