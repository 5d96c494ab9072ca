import { describe, expect, it } from 'vitest';
import { archive, network } from '../../src/config/place-settings.ts';
import { placeholders } from '../../src/core/path-template.ts';

describe('where a server is', () => {
  it('has a port that something can listen on', () => {
    expect(network.port.safeParse(0).success).toBe(false);
    expect(network.port.safeParse(65_535).success).toBe(true);
  });

  it('keeps files for whole days, at least one', () => {
    for (const days of [0, -1, 1.5, 36_501])
      expect(archive.retention_days.safeParse(days).success, String(days)).toBe(false);
    expect(archive.retention_days.safeParse(370).success).toBe(true);
  });

  it('names every placeholder that a path may hold', () => {
    for (const name of placeholders) expect(archive.path.description).toContain(`{${name}}`);
  });
});
