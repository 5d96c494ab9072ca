// Runs inside the built program before its first line (`node --import`): the program is the shipped one,
// only the system around it dies or fails at a chosen step. Plain JavaScript, so that node can load it.
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const { TEST_DIE_AT, TEST_SERVER_PORT, TEST_FAIL, TEST_THROW, TEST_CLOCK, TEST_POISON } =
  process.env;

/** `fetched:2` is: at this step of the second page that goes to the server. */
function dieAt(text) {
  const [step, page] = text.split(':');
  const used = new WeakSet();
  let pages = 0;
  const die = (now) => {
    if (now !== step || pages < Number(page)) return;
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  };
  const { write } = Socket.prototype;
  Socket.prototype.write = function (chunk, ...rest) {
    if (String(this.remotePort) !== TEST_SERVER_PORT) return write.call(this, chunk, ...rest);
    // Each page has a connection of its own, which may be opened ahead.
    if (!used.has(this)) pages += 1;
    used.add(this);
    die('fetched');
    if (step !== 'half sent' || pages < Number(page)) return write.call(this, chunk, ...rest);
    return write.call(this, chunk.subarray(0, chunk.length / 2), () => die('half sent'));
  };
  const { open, rename } = fs;
  // One feed alone: the next page is sent after this one is saved.
  const isSave = (path) => /[\\/]feeds[\\/]/.test(path);
  fs.open = async (path, ...rest) => {
    if (isSave(path) && path.endsWith('.tmp')) die('confirmed');
    return open(path, ...rest);
  };
  fs.rename = async (from, to) => {
    if (isSave(to) && to.endsWith('.json')) die('written');
    await rename(from, to);
    if (isSave(to) && to.endsWith('.prev')) die('previous kept');
    if (isSave(to) && to.endsWith('.json')) die('renamed');
  };
}

/** `{ flag, path, code }`: while the file `flag` exists, no path that holds `path` can be written. */
function failWrites({ flag, path, code }) {
  const refuse = (call, ...paths) => {
    if (!existsSync(flag) || !paths.some((one) => String(one).includes(path))) return;
    throw Object.assign(new Error(`${code}: ${call}`), { code });
  };
  const { open, rename, link, mkdir, writeFile } = fs;
  fs.open = async (file, flags = 'r', ...rest) => {
    if (flags !== 'r' && code === 'EROFS') refuse('open', file);
    const opened = await open(file, flags, ...rest);
    const { write } = opened;
    opened.write = async (...args) => {
      refuse('write', file);
      return write.apply(opened, args);
    };
    return opened;
  };
  fs.rename = async (from, to) => (refuse('rename', to), rename(from, to));
  fs.link = async (from, to) => (refuse('link', to), link(from, to));
  fs.mkdir = async (folder, ...rest) => (refuse('mkdir', folder), mkdir(folder, ...rest));
  fs.writeFile = async (file, ...rest) => (refuse('write', file), writeFile(file, ...rest));
}

/** A mistake of ours: thrown where nobody catches it, once the file with that name appears. */
function throwWhen({ flag, kind, said = 'a mistake of ours' }) {
  const bug = () => new Error(said);
  const timer = setInterval(() => {
    if (!existsSync(flag)) return;
    clearInterval(timer);
    if (kind === 'rejection') void Promise.reject(bug());
    else throw bug();
  }, 20);
  timer.unref();
}

/** This machine's clock is off by as many milliseconds as the file says. */
function shiftClock(file) {
  const { now } = Date;
  let offsetMs = 0;
  const read = () => {
    offsetMs = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  };
  setInterval(read, 20).unref();
  read();
  Date.now = () => now() + offsetMs;
}

/** No line can be made of the event with this serial: its row cannot be read. */
function poison(serial) {
  const { parse } = JSON;
  JSON.parse = (text, ...rest) => {
    if (text.includes(serial)) throw new Error('a mistake in the formatter');
    return parse(text, ...rest);
  };
}

if (TEST_CLOCK !== undefined) shiftClock(TEST_CLOCK);
if (TEST_POISON !== undefined) poison(TEST_POISON);
if (TEST_DIE_AT !== undefined) dieAt(TEST_DIE_AT);
if (TEST_FAIL !== undefined) failWrites(JSON.parse(TEST_FAIL));
if (TEST_THROW !== undefined) throwWhen(JSON.parse(TEST_THROW));
syncBuiltinESMExports();
