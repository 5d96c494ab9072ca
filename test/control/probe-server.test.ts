import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probe } from '../../src/control/probe.ts';
import { answerOnce, listen, type ControlServer } from '../../src/control/server.ts';

let directory: string;
let path: string;
let server: ControlServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'probe-'));
  path =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\duologsync-test-${process.pid}-${Math.random()}`
      : join(directory, 's');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

describe('probing a socket', () => {
  it('gets the JSON line of whoever listens', async () => {
    server = await listen(
      path,
      answerOnce(() => ({ pid: 1, who: 'Zoë\n' })),
    );
    expect(await probe(path)).toEqual({ live: true, answer: { pid: 1, who: 'Zoë\n' } });
    const many = await Promise.all(Array.from({ length: 50 }, () => probe(path)));
    expect(many.every((result) => result.live && result.answer?.['pid'] === 1)).toBe(true);
  });

  it('finds nobody where nothing is', async () => {
    expect(await probe(path)).toEqual({ live: false });
    await writeFile(join(directory, 'file'), '');
    expect(await probe(join(directory, 'file'))).toEqual({ live: false });
  });

  it('takes a silent listener, and one that talks nonsense, for alive', async () => {
    server = await listen(path, () => undefined);
    expect(await probe(path, 50)).toEqual({ live: true, answer: undefined });
    await server.close();
    server = await listen(path, (socket) => socket.end('nonsense\n'));
    expect(await probe(path)).toEqual({ live: true, answer: undefined });
    await server.close();
    server = await listen(path, (socket) => socket.end('[1]'));
    expect(await probe(path)).toEqual({ live: true, answer: undefined });
  });
});

describe('the control server', () => {
  it('closes at once, whoever still hangs on', async () => {
    server = await listen(path, () => undefined);
    const hanging = probe(path, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.close();
    await hanging;
    expect((await probe(path)).live).toBe(false);
  });

  it('rejects when its place is taken', async () => {
    server = await listen(path, () => undefined);
    await expect(listen(path, () => undefined)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
