import { spawn } from 'node:child_process';
import { messageOf, systemCode } from '../core/errors.ts';

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Of stdout; more is a failure. */
  readonly mostBytes: number;
}

export type CommandOutcome =
  | { readonly kind: 'printed'; readonly stdout: string }
  /** `said`: the end of what the program wrote to stderr, without what it wrote to stdout. */
  | { readonly kind: 'failed'; readonly how: string; readonly said: string }
  | { readonly kind: 'not_started'; readonly how: string; readonly missing: boolean };

const mostSaid = 2_000;

/**
 * Runs a program that prints a secret: `argv` as it is, without a shell, with nothing on stdin. Ends it, with
 * all that it started where the system knows process groups, after `timeoutMs`. Never rejects.
 */
export function runCommand(
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandOutcome> {
  const [program = '', ...args] = argv;
  const group = process.platform !== 'win32';
  return new Promise((resolve) => {
    const notStarted = (error: unknown): void =>
      resolve({
        kind: 'not_started',
        how: reasons[systemCode(error) ?? ''] ?? messageOf(error),
        missing: systemCode(error) === 'ENOENT',
      });
    let child;
    try {
      child = spawn(program, args, {
        env: options.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        shell: false,
        windowsHide: true,
        detached: group,
      });
    } catch (error) {
      notStarted(error);
      return;
    }
    const { pid, stdout, stderr } = child;
    const out: Buffer[] = [];
    let size = 0;
    let said = '';
    let ended: string | undefined;
    // A grandchild may hold the pipes open after the program's end, so they are not waited for then.
    const end = (how: string): void => {
      ended ??= how;
      try {
        if (group && pid !== undefined) process.kill(-pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
      stdout.destroy();
      stderr.destroy();
    };
    const seconds = options.timeoutMs / 1000;
    const timer = setTimeout(() => end(`took longer than ${seconds} s`), options.timeoutMs);
    stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > options.mostBytes) end('printed far more than a secret');
      else out.push(part);
    });
    stderr.on('data', (part: Buffer) => {
      said = (said + part.toString('utf8')).slice(-mostSaid);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      notStarted(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const printed = Buffer.concat(out).toString('utf8');
      const how = ended ?? (code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`);
      if (how === undefined) resolve({ kind: 'printed', stdout: printed });
      else resolve({ kind: 'failed', how, said: without(said.trim(), printed) });
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'this account may not start it',
  // Node starts no .bat and .cmd files without a shell (CVE-2024-27980).
  EINVAL: 'a .bat or .cmd file is no program',
};

/** What went to stdout may be the secret, or the most of it. */
function without(text: string, printed: string): string {
  const lines = printed.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line.length >= 4)
    .reduce((masked, line) => masked.replaceAll(line, '***'), text);
}
