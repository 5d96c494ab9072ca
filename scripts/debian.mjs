// Real receivers for the tests, from Debian's packages by the ordinary client: downloaded and unpacked
// under .cache/debian, with the libraries that this machine lacks. Nothing is installed into the
// system, no root is needed. Plain JavaScript: scripts run it before anything is built.
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'debian');

/**
 * Where the program at `path` (below the root, `usr/sbin/rsyslogd`) of these packages lies, unpacked on
 * the first call: `{ program, root, env }`. Run `program` with `env`; what else the packages hold
 * (modules, data) is below `root`. Throws with the client's own words when the packages cannot be had.
 */
export function debianProgram(packages, path) {
  const root = unpacked([...packages].sort());
  const program = join(root, path);
  if (!existsSync(program)) throw new Error(`No ${path} in the packages ${packages.join(', ')}.`);
  const libraries = libraryFolders(root);
  if (process.env.LD_LIBRARY_PATH) libraries.push(process.env.LD_LIBRARY_PATH);
  return { program, root, env: { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) } };
}

function unpacked(packages) {
  const digest = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const root = join(cache, `${packages[0]}-${digest}`);
  // A root appears by a rename, so one that is there is whole.
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  const release = takeLock();
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    if (existsSync(root)) return root;
    fetchInto(packages, work);
    const tree = join(work, 'root');
    mkdirSync(tree);
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      run('dpkg-deb', ['-x', join(work, file), tree]);
    }
    renameSync(tree, root);
    return root;
  } finally {
    rmSync(work, { recursive: true, force: true });
    release();
  }
}

const lock = join(cache, 'unpacking');
/** What stands in the lock while it is ours. */
const own = randomUUID();

/** One process at a time: test files run side by side, and apt-get refuses to. */
function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, own, { flag: 'wx' });
      return () => removeLock(own);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = lockHolder();
    // Left by a process that was killed.
    if (ageMs(lock) > 300_000) removeLock(holder);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** Another process may have taken it meanwhile, and then it stays. */
function removeLock(holder) {
  if (holder !== undefined && lockHolder() === holder) rmSync(lock, { force: true });
}

function lockHolder() {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** A slow line takes its time: the lock is not left while command follows command. */
function touchLock() {
  const now = new Date();
  if (lockHolder() === own) utimesSync(lock, now, now);
}

function ageMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}

/** Downloads the packages and what they need; with fresh lists of our own when the system's do not do. */
function fetchInto(packages, folder) {
  try {
    download(packages, folder, []);
  } catch {
    download(packages, folder, ownLists());
  }
}

function download(packages, folder, options) {
  const wanted = new Map(packages.map((name) => [name, name]));
  // One at a time: two servers of the same kind refuse to stand beside each other, which unpacking does not mind.
  for (const name of packages) {
    for (const [other, version] of missing(name, options)) wanted.set(other, `${other}=${version}`);
  }
  run('apt-get', [...options, 'download', ...wanted.values()], { cwd: folder });
}

/** What installing the package would add to this system, by name and version, itself included unless it is there. */
function missing(name, options) {
  const plan = run('apt-get', [
    ...options,
    '--simulate',
    '--no-install-recommends',
    'install',
    name,
  ]);
  const lines = plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm);
  // Another C library than the one that runs this machine's loader would not start.
  return [...lines].map((line) => [line[1], line[2]]).filter(([other]) => other !== 'libc6');
}

function ownLists() {
  const lists = join(cache, 'lists');
  const archives = join(cache, 'archives');
  for (const folder of [lists, archives]) mkdirSync(join(folder, 'partial'), { recursive: true });
  const options = [
    ...['-o', `Dir::State::lists=${lists}`],
    ...['-o', `Dir::Cache=${archives}`],
    ...['-o', `Dir::Cache::archives=${archives}`],
    // Root would otherwise hand the work to a user that may not write here.
    ...['-o', 'APT::Sandbox::User='],
  ];
  const stamp = join(cache, 'lists-updated');
  if (!existsSync(stamp) || ageMs(stamp) > 3_600_000) {
    run('apt-get', [...options, 'update']);
    writeFileSync(stamp, '');
  }
  return options;
}

function libraryFolders(root) {
  const folders = [];
  const visit = (folder, depth) => {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.some(({ name }) => /^lib.+\.so(\.|$)/.test(name))) folders.push(folder);
    if (depth === 0) return;
    for (const entry of entries)
      if (entry.isDirectory()) visit(join(folder, entry.name), depth - 1);
  };
  for (const top of ['usr/lib', 'lib']) if (existsSync(join(root, top))) visit(join(root, top), 2);
  return folders;
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    ...options,
  });
  touchLock();
  if (result.error) {
    throw new Error(`${command} cannot be run: Debian or Ubuntu is needed.`, {
      cause: result.error,
    });
  }
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed:\n${result.stderr || result.stdout}`);
  }
  return result.stdout;
}

// By hand: node scripts/debian.mjs PATH PACKAGE... unpacks and prints where the program is.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, ...packages] = process.argv.slice(2);
  const { program, env } = debianProgram(packages, path);
  writeFileSync(1, `LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH} ${program}\n`);
}
