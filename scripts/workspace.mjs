// Runs the project's tasks on a machine that has only Node and git: installs the packages when they
// are missing or older than the lock file, builds when a source is newer than dist, then does the task.
// Plain JavaScript on purpose: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const [task = 'build', ...rest] = process.argv.slice(2);

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  if (result.signal) process.exit(1);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** A package's program is started as `node file`: no shell, so the same on Windows. */
function tool(name, args, env = {}) {
  const manifest = JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8'));
  const bin =
    typeof manifest.bin === 'string'
      ? manifest.bin
      : manifest.bin[name === 'typescript' ? 'tsc' : name];
  run(process.execPath, [join('node_modules', name, bin), ...args], {
    env: { ...process.env, ...env },
  });
}

function npm(args) {
  const own = process.env.npm_execpath;
  if (own && /\.c?js$/.test(own)) return run(process.execPath, [own, ...args]);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
    shell: process.platform === 'win32',
  });
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function install() {
  const marker = join('node_modules', '.package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync('package-lock.json').mtimeMs)
    return;
  npm(['ci']);
}

function build() {
  install();
  const inputs = ['src', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map(
    newest,
  );
  const stamp = join('dist', 'tsconfig.build.tsbuildinfo.stamp');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...inputs)) return;
  rmSync('dist', { recursive: true, force: true });
  tool('typescript', ['-p', 'tsconfig.build.json']);
  run(process.execPath, ['scripts/finish-build.mjs', stamp]);
}

function suite(name, args, env = {}, file = name) {
  build();
  mkdirSync('.cache', { recursive: true });
  const report = ['--reporter=default', '--reporter=json', `--outputFile.json=.cache/${file}.json`];
  tool('vitest', ['run', ...report, ...args], { DUOLOGSYNC_SUITE: name, ...env });
}

switch (task) {
  case 'build':
    build();
    break;
  case 'demo':
    build();
    run(process.execPath, ['dist/src/main.js', 'demo', ...rest]);
    break;
  case 'bench':
    build();
    run(process.execPath, ['dist/scripts/bench.js', ...rest]);
    break;
  case 'scale':
    build();
    run(process.execPath, ['dist/scripts/scale.js', ...rest]);
    break;
  case 'soak':
    build();
    run(process.execPath, ['dist/scripts/soak.js', ...rest]);
    break;
  case 'upgrade-config':
    build();
    run(process.execPath, ['dist/scripts/upgrade-config.js', ...rest]);
    break;
  case 'docs':
    build();
    run(process.execPath, ['dist/scripts/generate-docs.js', ...rest]);
    break;
  case 'docs:screenshots':
    build();
    run(process.execPath, ['scripts/screenshots.mjs']);
    break;
  case 'test':
    suite('short', rest);
    break;
  case 'test:long':
    suite('long', rest);
    break;
  case 'archive-kills': {
    const options = Object.fromEntries(
      ['events', 'kills', 'rows'].map((name) => [name, { type: 'string' }]),
    );
    const { values } = parseArgs({ args: rest, options });
    const env = Object.entries(values).map(([name, value]) => [
      `DUOLOGSYNC_ARCHIVE_${name.toUpperCase()}`,
      value,
    ]);
    const files = ['test/e2e/archive-kill.long.ts'];
    suite('long', files, Object.fromEntries(env), task);
    break;
  }
  case 'check':
    build();
    tool('prettier', ['--check', '--log-level', 'warn', '.']);
    tool('eslint', ['--max-warnings', '0', '.']);
    tool('typescript', ['-p', 'tsconfig.json']);
    run(process.execPath, ['dist/scripts/generate-docs.js', '--check']);
    suite('short', rest);
    break;
  default:
    console.error(`workspace: unknown task "${task}"`);
    process.exit(2);
}
