import { posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LocateOptions {
  readonly platform: NodeJS.Platform;
  /** process.execPath: where the node that runs us really is. */
  readonly execPath: string;
  readonly path: string | undefined;
  /** The real path of a file; undefined when there is none. */
  readonly realpath: (file: string) => Promise<string | undefined>;
}

/**
 * The node to start a service with: the one in PATH that is the very node that runs us, because package managers
 * put a version into the real path (Homebrew's Cellar) and take it away with the next update.
 */
export async function lastingNode(options: LocateOptions): Promise<string> {
  const { platform, execPath, path = '', realpath } = options;
  const windows = platform === 'win32';
  const paths = windows ? win32 : posix;
  const real = await realpath(execPath);
  for (const folder of path.split(windows ? ';' : ':')) {
    if (!paths.isAbsolute(folder)) continue;
    const candidate = paths.join(folder, windows ? 'node.exe' : 'node');
    if (real !== undefined && (await realpath(candidate)) === real) return candidate;
  }
  return execPath;
}

/** main.js of this very installation. */
export function ownScript(): string {
  return fileURLToPath(new URL('../../main.js', import.meta.url));
}

/** Whether a path is one person's: a service's user may not enter there, and it goes when the person goes. */
export function isPersonal(file: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return /^[a-z]:[\\/]users[\\/](?!public[\\/])/i.test(file);
  if (platform === 'darwin') return /^\/(?:Users|private\/var\/root|var\/root)\//.test(file);
  return /^\/(?:home|root|run\/user)\//.test(file);
}
