import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { parseSamples } from '../../scripts/soak/memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'watch-memory-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('notes what a program holds, every few seconds of its life, and does not keep it alive', () => {
  const watch = new URL('../../dist/scripts/soak/watch-memory.js', import.meta.url).href;
  const file = join(folder, 'memory.csv');
  const args = ['--expose-gc', '--import', watch, '-e', 'setTimeout(() => {}, 5_500)'];
  execFileSync(process.execPath, args, {
    env: { ...process.env, DUOLOGSYNC_SOAK_MEMORY: file },
  });
  const samples = parseSamples(readFileSync(file, 'utf8'));
  expect(samples.length).toBeGreaterThanOrEqual(2);
  for (const { timeMs, rssBytes, liveBytes } of samples) {
    expect(Math.abs(timeMs - Date.now())).toBeLessThan(600_000);
    expect(liveBytes).toBeGreaterThan(2 ** 20);
    expect(rssBytes).toBeGreaterThan(liveBytes);
  }
});
