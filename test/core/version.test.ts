import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/core/version.ts';

describe("the program's version", () => {
  it('is the one of the package', async () => {
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(packageVersion()).toBe(version);
    expect(version).toMatch(/^3\.\d+\.\d+$/);
  });
});
