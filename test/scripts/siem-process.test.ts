import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { News, Order } from '../../scripts/soak/siem-process.ts';
import { until } from '../helpers/program.ts';

const built = fileURLToPath(new URL('../../dist/scripts/soak/siem-process.js', import.meta.url));
let folder: string;
let child: ChildProcess;
let news: News[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siem-process-'));
  child = fork(built);
  news = [];
  child.on('message', (one: News) => news.push(one));
});
afterEach(async () => {
  const exited = once(child, 'exit');
  if (child.kill('SIGKILL')) await exited;
  rmSync(folder, { recursive: true, force: true });
});

const tell = (order: Order): void => void child.send(order);

async function start(): Promise<number> {
  const certificate = { certPem: '', keyPem: '' };
  tell({
    kind: 'start',
    options: { protocol: 'TCP', port: 0, file: join(folder, 'out'), certificate },
  });
  await until('the server to listen', () => news.length > 0);
  const [first] = news.splice(0);
  if (first?.kind !== 'listening') throw new Error('it does not listen');
  return first.port;
}

/** Resolves to how the conversation ended. */
function deliver(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('end', () => resolve('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.resume();
    socket.end(text);
  });
}

describe('a server of a soak', () => {
  it('has stored what it confirms, and tells of each connection', async () => {
    const port = await start();
    expect(await deliver(port, 'one\ntwo\nthr')).toBe('end');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('one\ntwo\n');
    await until('the news', () => news.length === 1);
    expect(news).toEqual([{ kind: 'connection', lines: 2, orderly: true, cutOff: 'thr' }]);
  });

  it('does wrong as it is told, and right again', async () => {
    const port = await start();
    tell({ kind: 'behave', behaviour: { onHalfClose: 'reset' } });
    await until('a reset', async () => (await deliver(port, 'one\n')) === 'ECONNRESET');
    tell({ kind: 'behave', behaviour: {} });
    await until('an end', async () => (await deliver(port, 'two\n')) === 'end');
    tell({ kind: 'refuse' });
    await until('a refusal', async () => (await deliver(port, 'three\n')) === 'ECONNREFUSED');
    tell({ kind: 'accept' });
    await until('an end', async () => (await deliver(port, 'four\n')) === 'end');
  });

  it('does nothing while it is frozen, and all afterwards', async () => {
    const port = await start();
    tell({ kind: 'freeze', forMs: 2_500 });
    tell({ kind: 'behave', behaviour: {} });
    await new Promise((resolve) => setTimeout(resolve, 800));
    const ended = deliver(port, 'one\n').then(() => 'ended');
    const early = new Promise((resolve) => setTimeout(resolve, 300, 'frozen'));
    expect(await Promise.race([ended, early])).toBe('frozen');
    expect(await ended).toBe('ended');
  });

  it('ends with whoever started it', async () => {
    await start();
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });
});
