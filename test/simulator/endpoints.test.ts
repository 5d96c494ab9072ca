import { describe, expect, it } from 'vitest';
import { endpointAt, endpointRules } from '../../src/simulator/endpoints.ts';

describe('the endpoints', () => {
  it('are found by their path alone, and no path twice', () => {
    const paths = Object.values(endpointRules).map((rules) => rules.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.map(endpointAt)).toEqual(Object.keys(endpointRules));
    expect(endpointAt('/admin/v2/logs/Authentication')).toBeUndefined();
  });
});
