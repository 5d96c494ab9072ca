import { describe, expect, it } from 'vitest';
import { ForwarderError } from '../src/core/errors.ts';
import { queryView } from '../src/query-parts.ts';
import type { ServerPart } from '../src/status/parts.ts';
import { bench, intervalMs, never } from './engine/parts.ts';

const timeout = new ForwarderError('duo_timeout', 'no answer');
const forbidden = new ForwarderError('duo_forbidden', 'no right', { remedy: 'park' });
const unwritable = new ForwarderError('checkpoint_write_failed', 'no room');

const server = (id: string, code?: string): ServerPart => ({
  ...{ id, protocol: 'TCP', hostname: 'localhost', port: 1 },
  state: {
    level: 'drained',
    confirmedLines: 0,
    ...(code === undefined ? {} : { trouble: { sinceMs: 0, code, message: code } }),
  },
});

function place() {
  const parts = bench();
  const [siem, archive] = [parts.feed('siem'), parts.feed('archive')];
  const feeds = [siem, archive];
  const view = (servers: readonly ServerPart[] = [], gaps = 0) =>
    queryView({ nowMs: parts.clock.nowMs(), feeds, servers, gaps });
  const wait = (ms: number): Promise<void> => parts.clock.sleep(ms, never);
  return { ...parts, feeds, siem, archive, view, wait };
}

describe('what the query port shows', () => {
  it('is one thread an endpoint, with the line of the feed furthest behind', async () => {
    const { siem, archive, view, wait, clock } = place();
    siem.status.confirmed(3, 7_000, 0);
    siem.status.confirmedToMs = 9_000;
    await wait(1_000);
    siem.status.cycled();
    archive.status.confirmedToMs = 8_000;
    archive.status.takenBeforeMs = 6_000;
    expect(view().threads).toEqual([
      {
        endpoint: 'auth',
        state: 'running',
        cycleMs: clock.startMs,
        lastEventMs: 6_000,
        cycles: 0,
        intervalMs,
        backoffMs: 0,
        health: 'well',
        sinceMs: clock.startMs,
      },
    ]);
    archive.status.confirmedToMs = 10_000;
    expect(view().threads).toMatchObject([
      { cycles: 1, cycleMs: clock.startMs + 1_000, lastEventMs: 7_000 },
    ]);
  });

  it('is idle when all its feeds are paused and none is in the middle of a page', () => {
    const { siem, archive, view } = place();
    archive.status.activity.at('duo');
    siem.control.pause(1);
    expect(view().threads).toMatchObject([{ state: 'running' }]);
    archive.control.pause(1);
    expect(view().threads).toMatchObject([{ state: 'stopping' }]);
    archive.status.activity.at('paused');
    expect(view().threads).toMatchObject([{ state: 'idle' }]);
  });

  it('is dead after four intervals without a poll that ended, while it is tried again; not before, not in a backlog', async () => {
    const { siem, view, wait } = place();
    siem.status.trouble(timeout, 60_000);
    await wait(4 * intervalMs - 1);
    expect(view().threads).toMatchObject([{ health: 'well' }]);
    await wait(1);
    expect(view().threads).toMatchObject([{ health: 'retried' }]);
    siem.status.well('catching up');
    expect(view().threads).toMatchObject([{ health: 'well' }]);
    expect(view([server('archive', 'server_refused')]).threads).toMatchObject([
      { health: 'retried' },
    ]);
    siem.status.trouble(forbidden, 900_000);
    expect(view([server('archive', 'server_refused')]).threads).toMatchObject([
      { health: 'parked' },
    ]);
    siem.control.pause(1);
    expect(view().threads).toMatchObject([{ health: 'well' }]);
  });

  it('says how long the shown feed still waits', () => {
    const { siem, view, limiter } = place();
    siem.status.trouble(timeout, 5_000);
    siem.status.activity.at('next try', 5_000);
    expect(view().threads).toMatchObject([{ backoffMs: 5_000 }]);
    siem.status.activity.at('limit');
    limiter.rejected(60_000);
    expect(view().threads).toMatchObject([{ backoffMs: limiter.blockedMs() }]);
    expect(limiter.blockedMs()).toBeGreaterThan(0);
  });

  it('names what cannot be written here, once, and counts gaps', () => {
    const { feeds, view } = place();
    for (const { status } of feeds) status.trouble(unwritable, 1_000);
    const servers = [server('archive', 'archive_full'), server('siem', 'server_refused')];
    expect(view(servers, 2)).toMatchObject({
      gaps: 2,
      disk: ['archive_full', 'checkpoint_write_failed'],
    });
    // At a start, before anything could be written.
    feeds[0]?.status.trouble(new ForwarderError('archive_missing', 'not mounted'), 1_000);
    expect(view()).toMatchObject({ disk: ['archive_missing', 'checkpoint_write_failed'] });
  });
});
