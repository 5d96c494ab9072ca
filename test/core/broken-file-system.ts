import { nodeFileSystem, type FileSystem, type OpenFile } from '../../src/core/atomic-file.ts';

export type Call = keyof FileSystem | keyof OpenFile;

/** A file system whose calls a test may refuse; what is refused has no effect. */
export function brokenFileSystem(
  refuse: (call: Call, path: string) => string | undefined,
  fs: FileSystem = nodeFileSystem,
): FileSystem {
  const check = (call: Call, path: string): void => {
    const code = refuse(call, path);
    if (code !== undefined) throw systemError(code, call);
  };
  const guard = <T>(call: Call, path: string, act: () => Promise<T>): Promise<T> =>
    Promise.resolve().then(() => {
      check(call, path);
      return act();
    });
  const wrap = (file: OpenFile, path: string): OpenFile => ({
    write: (bytes, offset) => guard('write', path, () => file.write(bytes, offset)),
    stat: () => guard('stat', path, () => file.stat()),
    sync: () => guard('sync', path, () => file.sync()),
    // The system closes a dead process's files too.
    close: () => file.close().then(() => check('close', path)),
  });
  return {
    open: (path, flags, mode) =>
      guard('open', path, async () => wrap(await fs.open(path, flags, mode), path)),
    readFile: (path) => guard('readFile', path, () => fs.readFile(path)),
    readdir: (path) => guard('readdir', path, () => fs.readdir(path)),
    mkdir: (path, options) => guard('mkdir', path, () => fs.mkdir(path, options)),
    rename: (from, to) => guard('rename', to, () => fs.rename(from, to)),
    link: (existing, path) => guard('link', path, () => fs.link(existing, path)),
    copyFile: (from, to) => guard('copyFile', to, () => fs.copyFile(from, to)),
    unlink: (path) => guard('unlink', path, () => fs.unlink(path)),
  };
}

/** Dies at the call with this number (0 is the first): that one and all later ones do nothing. */
export function dyingFileSystem(
  lastCall: number,
  fs?: FileSystem,
): FileSystem & { dead(): boolean } {
  let calls = 0;
  const refuse = (): string | undefined => {
    calls += 1;
    return calls > lastCall ? 'KILLED' : undefined;
  };
  return { ...brokenFileSystem(refuse, fs), dead: () => calls > lastCall };
}

export function systemError(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: ${call}`), { code });
}
