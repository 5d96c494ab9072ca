import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gather, type Group } from '../../src/sinks/gather.ts';
import { batchOf, textsOf } from './helpers/tools.ts';

const texts = ({ payload }: Group): string[] =>
  payload.lines.map((line) => String(Buffer.from(line)));

describe('the lines that wait for a group', () => {
  it('arrive once and in order for each feed, however groups are cut, fail and overlap', () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 7 }), goesWell: fc.boolean() });
    const counts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(counts, fc.infiniteStream(step), (feeds, steps) => {
        const gather = new Gather();
        const batches = feeds.map((count, index) => batchOf(`f${index}`, count));
        for (const batch of batches) gather.add(batch, 0);
        const arrived: string[] = [];
        let other: Group | undefined;
        for (const { size, goesWell } of steps) {
          const group = gather.cut(size, 60, 0);
          const finished = other ?? group;
          other = other === undefined ? undefined : group;
          if (finished === undefined) break;
          const bytes = texts(finished).reduce((sum, text) => sum + text.length + 1, 0);
          expect(finished.payload.length).toBe(bytes);
          if (goesWell) {
            arrived.push(...texts(finished));
            gather.confirm(finished);
          } else {
            gather.giveBack(finished);
          }
          other ??= gather.cut(2, 60, 0);
        }
        for (const batch of batches)
          expect(arrived.filter((text) => text.startsWith(batch.feedId))).toEqual(textsOf(batch));
        expect(gather.size).toBe(0);
        expect(gather.waiting(0)).toMatchObject({ lines: 0, bytes: 0 });
      }),
    );
  });

  it('are counted as they wait, without those on the wire', () => {
    const gather = new Gather();
    gather.add(batchOf('a', 3), 5);
    gather.add(batchOf('b', 3), 9);
    expect(gather.waiting(0)).toEqual({
      lines: 6,
      bytes: 24,
      oldestMs: 5,
      due: false,
      heldBack: false,
    });
    const group = gather.cut(3, 1_000, 0);
    expect(gather.waiting(0)).toEqual({
      lines: 3,
      bytes: 12,
      oldestMs: 9,
      due: false,
      heldBack: false,
    });
    if (group !== undefined) gather.giveBack(group);
    expect(gather.waiting(0)).toMatchObject({ lines: 6, due: true });
  });

  it('go alone when they were refused alone', () => {
    const gather = new Gather();
    const refused = gather.add(batchOf('a', 3), 0);
    gather.add(batchOf('b', 3), 0);
    refused.suspicion = { refusals: 1, confirmed: 0, failed: 0, notBeforeMs: 5 };
    expect(gather.waiting(4)).toMatchObject({ lines: 3, heldBack: true });
    const alone = gather.cut(10, 1_000, 5);
    expect(alone && texts(alone)).toEqual(['a:0']);
    if (alone !== undefined) gather.confirm(alone);
    const rest = gather.cut(10, 1_000, 0);
    expect(rest && texts(rest)).toEqual(['a:1', 'a:2', 'b:0', 'b:1', 'b:2']);
  });
});
