import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/config/secret-command.ts';

const limits = { env: process.env, timeoutMs: 10_000, mostBytes: 1_000 };
const node = (code: string): string[] => [process.execPath, '-e', code];

describe('a command for a secret', () => {
  it('sees the environment and gives back what it printed', async () => {
    const outcome = await runCommand(node('process.stdout.write(process.env.WORD)'), {
      ...limits,
      env: { ...process.env, WORD: 'geheim' },
    });
    expect(outcome).toEqual({ kind: 'printed', stdout: 'geheim' });
  });

  it('that waits for an answer on stdin gets none and ends', async () => {
    const outcome = await runCommand(
      node("process.stdin.on('end', () => console.log('no answer')).resume()"),
      limits,
    );
    expect(outcome).toEqual({ kind: 'printed', stdout: 'no answer\n' });
  });

  it('that hangs is ended with all that it started, also where those hold its pipes open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'duologsync-command-'));
    try {
      const file = join(folder, 'alive');
      const grandchild = `setInterval(() => fs.appendFileSync(${JSON.stringify(file)}, '.'), 20)`;
      await writeFile(file, '');
      const code = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' }); setInterval(() => {}, 1000); console.error('asking')`;
      const outcome = await runCommand(node(code), { ...limits, timeoutMs: 1_500 });
      expect(outcome).toMatchObject({ kind: 'failed', how: 'took longer than 1.5 s' });
      if (process.platform === 'win32') return;
      const { size } = await stat(file);
      await sleep(300);
      const after = await stat(file);
      expect(after.size).toBe(size);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('that prints without end is ended', async () => {
    const outcome = await runCommand(
      node("setInterval(() => console.log('x'.repeat(1000)), 1)"),
      limits,
    );
    expect(outcome).toMatchObject({ kind: 'failed', how: 'printed far more than a secret' });
  });

  it('that fails keeps what it printed out of what it said', async () => {
    const code =
      "console.log('hunter2'); console.error('no hunter2 for you'); process.exitCode = 4";
    expect(await runCommand(node(code), limits)).toEqual({
      kind: 'failed',
      how: 'ended with exit code 4',
      said: 'no *** for you',
    });
  });

  it('that cannot be started says why', async () => {
    expect(await runCommand([join(tmpdir(), 'no-such-program')], limits)).toEqual({
      kind: 'not_started',
      how: 'there is no such program',
      missing: true,
    });
  });
});
