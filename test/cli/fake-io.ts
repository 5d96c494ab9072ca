import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { systemClock } from '../../src/core/clock.ts';
import type { Io } from '../../src/cli/io.ts';

export interface FakeIo extends Io {
  readonly signals: EventEmitter;
  readonly crashes: EventEmitter;
  readonly exits: number[];
  /** What was written to stdout and stderr so far. */
  out(): string;
  err(): string;
}

/** A world of its own for a command that runs inside the test. */
export function fakeIo(more: Partial<Io> = {}): FakeIo {
  const [out, err]: [string[], string[]] = [[], []];
  const exits: number[] = [];
  const stream = (kept: string[]): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        kept.push(chunk.toString('utf8'));
        done();
      },
    });
  return {
    env: {},
    platform: process.platform,
    home: '/home/nobody',
    uid: process.getuid?.(),
    clock: systemClock,
    stdout: stream(out),
    stderr: stream(err),
    exit: (code) => void exits.push(code),
    ...more,
    signals: new EventEmitter(),
    crashes: new EventEmitter(),
    exits,
    out: () => out.join(''),
    err: () => err.join(''),
  };
}
