// The whole of continuous integration on one machine. Each step runs even when an earlier one failed,
// so that one run tells everything; the last line counts tests of both suites and failed steps.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';
const count = { passed: 0, failed: 0, skipped: 0 };
// Told again at the end, because the names stand thousands of lines above the last one.
const failures = [];

function step(title, command, args, cwd = root) {
  console.log(`\n== ${title}`);
  const result = spawnSync(command, args, { cwd, stdio: 'inherit', shell: windows });
  const good = result.status === 0;
  if (!good) {
    failures.push(`${title} (exit ${result.status ?? result.signal ?? result.error})`);
    console.log(`== FAILED: ${failures.at(-1)}`);
  }
  return good;
}

function add(report, good) {
  if (!existsSync(report)) {
    count.failed += 1;
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  count.passed += result.numPassedTests;
  count.failed += result.numFailedTests;
  count.skipped += result.numPendingTests + result.numTodoTests;
  for (const file of result.testResults) {
    if (file.message) failures.push(`${file.name}\n${file.message}`);
    for (const test of file.assertionResults)
      if (test.status === 'failed')
        failures.push(`${file.name}: ${test.fullName}\n${test.failureMessages.join('\n')}`);
  }
  // A file that does not load, or an error outside a test, fails the run without a failed test.
  if (!good && result.numFailedTests === 0) count.failed += 1;
}

function packed() {
  const folder = mkdtempSync(join(tmpdir(), 'duologsync-pack-'));
  try {
    const npm = (title, ...args) => step(title, 'npm', args, folder);
    if (!step('npm pack', 'npm', ['pack', '--pack-destination', folder])) return false;
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    return (
      npm(
        'install the package in an empty folder',
        'install',
        '--omit=dev',
        join(folder, tarball),
      ) &&
      npm('installed: --version', 'exec', '--', 'duologsync', '--version') &&
      npm('installed: --help', 'exec', '--', 'duologsync', '--help') &&
      npm('installed: upgrade --help', 'exec', '--', 'duologsync-upgrade-config', '--help') &&
      npm('installed: demo', 'exec', '--', 'duologsync', 'demo')
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const name of ['short', 'long']) rmSync(join(root, '.cache', `${name}.json`), { force: true });
const checked = step('npm run check', 'npm', ['run', 'check']);
if (!existsSync(join(root, '.cache', 'short.json'))) step('npm test', 'npm', ['test']);
add(join(root, '.cache', 'short.json'), checked);
add(join(root, '.cache', 'long.json'), step('npm run test:long', 'npm', ['run', 'test:long']));
if (packed()) count.passed += 1;
else count.failed += 1;

if (failures.length > 0)
  console.log(`\n== What failed\n${failures.map((text) => text.slice(0, 1500)).join('\n\n')}`);
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed === 0 && count.passed > 0 ? 0 : 1);
