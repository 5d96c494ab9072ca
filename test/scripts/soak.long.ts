import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const soak = fileURLToPath(new URL('../../dist/scripts/soak.js', import.meta.url));

it.each([
  ['an account', '0'],
  ['an MSP with two children', '2'],
])('loses nothing in a minute in which everything around it fails at random: %s', (_, children) => {
  const args = [soak, '--minutes', '1', '--children', children];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  console.log(stdout);
  // The seed stands in the first line: the same one makes the same schedule.
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^auth > tcp|^child 1 auth > tcp/m);
});
