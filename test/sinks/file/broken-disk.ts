import { type ArchiveFile, type Disk, nodeDisk } from '../../../src/sinks/file/disk.ts';
import { brokenFileSystem, type Call, systemError } from '../../core/broken-file-system.ts';

export type DiskCall = Call | 'lstat' | 'access' | 'read' | 'truncate' | 'datasync';

/** A disk whose calls a test may refuse; what is refused has no effect, but for a write that may be partial. */
export function brokenDisk(
  refuse: (call: DiskCall, path: string) => string | undefined,
  options: { readonly disk?: Disk; readonly partialBytes?: number } = {},
): Disk {
  const { disk = nodeDisk, partialBytes = 0 } = options;
  const guard = async <T>(call: DiskCall, path: string, act: () => Promise<T>): Promise<T> => {
    await Promise.resolve();
    const code = refuse(call, path);
    if (code !== undefined) throw systemError(code, call);
    return act();
  };
  const wrap = (file: ArchiveFile, path: string): ArchiveFile => ({
    async write(bytes, offset, length = bytes.length - offset, position) {
      try {
        return await guard('write', path, () => file.write(bytes, offset, length, position));
      } catch (error) {
        // A disk that gets full has taken a part.
        if (partialBytes > 0)
          await file.write(bytes, offset, Math.min(partialBytes, length), position);
        throw error;
      }
    },
    read: (bytes, offset, length, position) =>
      guard('read', path, () => file.read(bytes, offset, length, position)),
    stat: () => guard('stat', path, () => file.stat()),
    sync: () => guard('sync', path, () => file.sync()),
    datasync: () => guard('datasync', path, () => file.datasync()),
    truncate: (length) => guard('truncate', path, () => file.truncate(length)),
    // The system closes a dead process's files too.
    close: async () => {
      await file.close();
      await guard('close', path, async () => undefined);
    },
  });
  return {
    ...brokenFileSystem(refuse, disk),
    open: (path, flags, mode) =>
      guard('open', path, async () => wrap(await disk.open(path, flags, mode), path)),
    lstat: (path) => guard('lstat', path, () => disk.lstat(path)),
    access: (path, mode) => guard('access', path, () => disk.access(path, mode)),
  };
}

/** Dies at the call with this number (0 is the first): that one and all later ones do nothing. */
export function dyingDisk(
  lastCall: number,
  disk?: Disk,
  partialBytes?: number,
): Disk & { dead(): boolean } {
  let calls = 0;
  let isPartial = partialBytes ?? 0;
  const refuse = (): string | undefined => {
    calls += 1;
    return calls > lastCall ? 'KILLED' : undefined;
  };
  const options = {
    ...(disk === undefined ? {} : { disk }),
    get partialBytes() {
      // Only the very last write is cut in the middle.
      const bytes = isPartial;
      isPartial = 0;
      return bytes;
    },
  };
  return { ...brokenDisk(refuse, options), dead: () => calls > lastCall };
}
