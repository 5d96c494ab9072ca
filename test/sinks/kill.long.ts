import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTcp } from '../../src/sinks/tcp.ts';
import { freePort } from './helpers/servers.ts';
import {
  batchOf,
  missingFrom,
  never,
  serverAt,
  testTools,
  until,
  withSink,
} from './helpers/tools.ts';

// A collector that writes what it reads a little later, as real ones do, but before it closes.
const collector = `
  const { createServer } = require('node:net');
  const { writeSync, openSync } = require('node:fs');
  const [port, path] = process.argv.slice(1);
  const file = openSync(path, 'a');
  // What a kill has cut in two must not spoil the line after it.
  writeSync(file, '\\n');
  createServer({ allowHalfOpen: true }, (socket) => {
    let kept = [];
    socket.on('data', (piece) => kept.push(piece));
    socket.on('error', () => undefined);
    socket.on('end', () => {
      writeSync(file, Buffer.concat(kept));
      socket.end();
    });
  }).listen(Number(port), '127.0.0.1', () => process.stdout.write('up'));
`;

describe('a collector that is killed again and again', () => {
  it('gets every line, and of each kill at most a few groups again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kill-'));
    const path = join(directory, 'lines');
    const port = await freePort();
    const timing = { groupLines: 100, backoffBaseMs: 5, backoffCapMs: 1_000, progressMs: 2_000 };
    const tools = testTools({ slotsTaken: () => 3, timing });
    let kills = 0;
    let isOver = false;
    const start = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, ['-e', collector, String(port), path]);
      await once(child.stdout, 'data');
      return child;
    };
    const kill = async (child: ChildProcess): Promise<void> => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    };
    const killing = (async () => {
      while (!isOver) {
        const child = await start();
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
        await kill(child);
        kills += 1;
      }
    })();
    const feeds = ['a', 'b', 'c'];
    const linesOfFeed = 5_000;
    try {
      await withSink(openTcp(serverAt(port), tools), async (sink) => {
        await Promise.all(
          feeds.map(async (feed) => {
            for (let first = 0; first < linesOfFeed; first += 250)
              await sink.write(batchOf(feed, 250, first, 200), never);
          }),
        );
        isOver = true;
        await killing;
        // The last kill is noticed by whatever is sent next, and only by that.
        const last = sink.write(batchOf('z', 1), never);
        await until(() => sink.state().trouble?.code === 'server_refused');
        const child = await start();
        await last;
        await kill(child);
      });
      const kept = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
      const missing = feeds.flatMap((feed) =>
        missingFrom(kept, batchOf(feed, linesOfFeed, 0, 200)),
      );
      expect(missing).toEqual([]);
      expect(kills).toBeGreaterThan(5);
      // Two groups under way and two that go again.
      expect(kept.length - feeds.length * linesOfFeed).toBeLessThan(kills * 4 * timing.groupLines);
      console.info(`${kills} kills, ${kept.length - feeds.length * linesOfFeed} lines repeated`);
    } finally {
      isOver = true;
      await killing;
      await rm(directory, { recursive: true, force: true });
    }
  });
});
