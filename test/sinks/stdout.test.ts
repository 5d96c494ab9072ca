import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openStdout } from '../../src/sinks/stdout.ts';
import { batchOf, isPending, never } from './helpers/tools.ts';

describe('events on standard output', () => {
  it('are one line each, and nothing else', async () => {
    const stream = new PassThrough();
    const sink = openStdout(stream);
    await sink.write(batchOf('f', 2), never);
    await sink.write(batchOf('f', 1, 2), never);
    expect(String(stream.read())).toBe('f:0\nf:1\nf:2\n');
    expect(sink.state()).toEqual({ level: 'none', confirmedLines: 3 });
  });

  it('wait for a reader that is slow, so that memory does not grow', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const sink = openStdout(stream);
    const write = sink.write(batchOf('f', 20), never);
    expect(await isPending(write, 30)).toBe(true);
    stream.resume();
    await write;
    expect(sink.state().confirmedLines).toBe(20);
  });

  it('are given up when the run ends, or the reader has gone', async () => {
    const slow = openStdout(new PassThrough({ highWaterMark: 10 }));
    const stop = new AbortController();
    const write = slow.write(batchOf('f', 20), stop.signal);
    stop.abort();
    await expect(write).rejects.toThrow();
    await expect(slow.write(batchOf('f', 1), stop.signal)).rejects.toThrow();
    const stream = new PassThrough({ highWaterMark: 10 });
    const broken = openStdout(stream).write(batchOf('f', 20), never);
    stream.destroy(new Error('EPIPE'));
    await expect(broken).rejects.toThrow('EPIPE');
  });
});
