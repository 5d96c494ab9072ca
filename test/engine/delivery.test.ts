import { describe, expect, it } from 'vitest';
import { Row } from '../../src/core/row.ts';
import type { LogEvent } from '../../src/core/types.ts';
import { Delivery } from '../../src/engine/delivery.ts';
import { begin } from '../../src/engine/window.ts';
import { bench, never } from './parts.ts';

const start = { cursor: begin(1_000), mark: { page: 1 } };

function event(id: string): LogEvent {
  const row = new Row(new TextEncoder().encode(JSON.stringify({ txid: id })));
  return { id, timeMs: 2_000, source: row.source, body: row.body };
}

describe('a delivery', () => {
  it('says how many lines are confirmed, and keeps the mark of the last checkpoint until a new one comes', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    const delivery = new Delivery(feed, start, parts.tools(), never);
    expect(await delivery.send([event('a'), event('b')])).toBe(2);
    await delivery.save(begin(2_000));
    expect(parts.store.saved.at(-1)?.mark).toEqual({ page: 1 });
    feed.sink.answer = async () => ({ page: 2 });
    await delivery.send([event('c')]);
    await delivery.save(begin(3_000));
    expect(parts.store.saved.at(-1)?.mark).toEqual({ page: 2 });
    expect(delivery.saved.positionMs).toBe(3_000);
  });

  it('writes nothing for a page without events', async () => {
    const parts = bench();
    const feed = parts.feed('siem');
    expect(await new Delivery(feed, start, parts.tools(), never).send([])).toBe(0);
    expect(feed.sink.confirmed).toEqual([]);
  });

  it('counts what the disk holds, not what was tried: a failed save leaves the old cursor', async () => {
    const parts = bench();
    const abandon = AbortSignal.abort(new Error('abandoned'));
    const tools = parts.tools({
      checkpoints: {
        load: async () => undefined,
        list: async () => [],
        save: async () => {
          throw new Error('disk full');
        },
      },
    });
    const delivery = new Delivery(parts.feed('siem'), start, tools, abandon);
    await expect(delivery.save(begin(2_000))).rejects.toThrow('disk full');
    expect(delivery.saved).toBe(start.cursor);
  });
});
