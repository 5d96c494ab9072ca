import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gather, type Group } from '../../src/sinks/gather.ts';
import { Replay, type ReplayPiece } from '../../src/sinks/replay.ts';
import { batchOf } from './helpers/tools.ts';

function groupOf(name: string, lines: number): Group {
  const gather = new Gather();
  gather.add(batchOf(name, lines), 0);
  const group = gather.cut(lines, Number.POSITIVE_INFINITY, 0);
  if (group === undefined) throw new Error('no group');
  return group;
}

const textOf = ({ payload }: ReplayPiece): string =>
  payload.lines.map((line) => `${Buffer.from(line).toString()}\n`).join('');

/** Sends all that is to be sent again; gives the texts of the pieces. */
function replayAll(replay: Replay, maxLines = 1_000): string[] {
  const texts: string[] = [];
  for (let piece = replay.next(maxLines); piece !== undefined; piece = replay.next(maxLines)) {
    texts.push(textOf(piece));
    replay.sent(piece);
  }
  return texts;
}

describe('what is sent again after a failure', () => {
  it('are the last two groups that were confirmed, oldest first', () => {
    const replay = new Replay(2);
    for (const name of ['a', 'b', 'c']) replay.confirmed(groupOf(name, 1));
    expect(replay.isPending).toBe(false);
    replay.failed();
    expect(replay.isPending).toBe(true);
    expect(replayAll(replay)).toEqual(['b:0\n', 'c:0\n']);
    expect(replay.isPending).toBe(false);
  });

  it('is a group too whose end came after the failure of another connection of its time', () => {
    const replay = new Replay(2);
    for (const name of ['a', 'b']) replay.confirmed(groupOf(name, 1));
    replay.failed();
    replay.confirmed(groupOf('c', 1), true);
    expect(replayAll(replay)).toEqual(['b:0\n', 'c:0\n']);
  });

  it('is nothing at all when it is turned off', () => {
    const replay = new Replay(0);
    replay.confirmed(groupOf('a', 1));
    replay.failed();
    expect(replayAll(replay)).toEqual([]);
  });

  it('goes in pieces as small as the server can take', () => {
    const replay = new Replay(2);
    replay.confirmed(groupOf('a', 5));
    replay.failed();
    expect(replayAll(replay, 2)).toEqual(['a:0\na:1\n', 'a:2\na:3\n', 'a:4\n']);
  });

  it('does not go an eleventh time, however often the server fails', () => {
    const replay = new Replay(2);
    replay.confirmed(groupOf('a', 1));
    const sent = Array.from({ length: 12 }, () => {
      replay.failed();
      return replayAll(replay).length;
    });
    expect(sent).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  it('is not used up by connections that were never opened', () => {
    const replay = new Replay(2);
    replay.confirmed(groupOf('a', 1));
    for (let n = 0; n < 100; n += 1) replay.failed();
    expect(replayAll(replay)).toEqual(['a:0\n']);
  });

  it('goes once more as a whole when the server fails in its middle, without beginning anew each time', () => {
    const replay = new Replay(2);
    replay.confirmed(groupOf('a', 3));
    replay.failed();
    const sent: string[] = [];
    for (let piece = replay.next(1); piece !== undefined; piece = replay.next(1)) {
      sent.push(textOf(piece).trim());
      replay.sent(piece);
      if (sent.length === 1) replay.failed();
    }
    expect(sent).toEqual(['a:0', 'a:1', 'a:2', 'a:0', 'a:1', 'a:2']);
  });

  it('never has a line confirmed more than ten times, and comes to its end', () => {
    const steps = fc.array(fc.constantFrom('confirm', 'fail', 'send'), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (events) => {
        const replay = new Replay(2);
        const times = new Map<string, number>();
        const send = (): void => {
          const piece = replay.next(3);
          if (piece === undefined) return;
          for (const line of textOf(piece).trim().split('\n'))
            times.set(line, (times.get(line) ?? 0) + 1);
          replay.sent(piece);
        };
        let made = 0;
        for (const event of events) {
          if (event === 'confirm' && !replay.isPending) replay.confirmed(groupOf(`g${made++}`, 4));
          if (event === 'fail') replay.failed();
          if (event === 'send') send();
        }
        for (let n = 0; n < 2 * 10 * 2; n += 1) send();
        expect(replay.isPending).toBe(false);
        expect(Math.max(0, ...times.values())).toBeLessThanOrEqual(10);
      }),
    );
  });
});
