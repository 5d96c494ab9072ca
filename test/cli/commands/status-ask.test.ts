import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../../src/cli/commands/status.ts';
import type { JsonObject } from '../../../src/core/types.ts';
import { Histories } from '../../../src/status/history.ts';
import { snapshotOf } from '../../../src/status/snapshot.ts';
import { until } from '../../helpers/program.ts';
import { nothingKept, parts, refused, serverPart } from '../../status/parts.ts';
import { fakeIo } from '../fake-io.ts';
import { duologsync, makePlace, type Place } from './running.ts';

let place: Place;

beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

const json = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
const healthy = json(snapshotOf(parts(), new Histories(), nothingKept));
const degraded = json(
  snapshotOf(parts({ servers: [serverPart('siem', refused)] }), new Histories(), nothingKept),
);

describe('duologsync status', () => {
  it('exits with 0 when all is well, with 1 when not, naming the problem', async () => {
    await place.start();
    place.controls.snapshot = healthy;
    const good = await duologsync(['status', place.config]);
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain('HEALTHY\n✔ 2 feeds well');
    place.controls.snapshot = degraded;
    const bad = await duologsync(['status', '-c', place.config, '--problems']);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain('✖ server siem (tcp://siem.example.org:514): ');
    expect(bad.out).not.toContain('FEED');
    const env = { DUOLOGSYNC_CONFIG: place.config };
    expect(await duologsync(['status'], { env })).toMatchObject({ code: 1 });
  });

  it('exits with 69 when the program does not run, and says how to start it', async () => {
    const { code, out, err } = await duologsync(['status', place.config]);
    expect({ code, out }).toEqual({ code: 69, out: '' });
    expect(err).toBe(
      `duologsync: duologsync does not run with this config\n  Start it: duologsync ${place.config} (or start its service). It was looked for in ${place.state}: when directory or account.hostname was changed since its start, it still runs under the old ones.\n`,
    );
    expect((await duologsync(['status', '--watch', place.config])).code).toBe(69);
  });

  it('prints the whole snapshot as JSON, and exits as without', async () => {
    await place.start();
    place.controls.snapshot = degraded;
    const { code, out } = await duologsync(['status', place.config, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual(degraded);
  });

  it('shows a line for each look where nobody sees a terminal, also over a restart, until it is stopped', async () => {
    await place.start();
    place.controls.snapshot = healthy;
    const signals = new EventEmitter();
    const io = fakeIo();
    const watching = status(place.config, { watch: true, every: 1 }, { ...io, signals });
    await until('a line', () => io.out().includes(' healthy: '));
    await place.stop();
    await until('the end', () => io.out().includes('does not run'));
    place.controls.snapshot = degraded;
    await place.start();
    await until('another', () => io.out().includes(' degraded: '));
    signals.emit('SIGINT');
    expect(await watching).toBe(0);
    expect(io.out().trimEnd().split('\n')[0]).toBe(
      '2026-11-22T02:30:00Z healthy: 2 feeds; 0 events/s; oldest lag 12 s',
    );
    expect(signals.eventNames()).toEqual([]);
  });

  it('redraws a terminal, and lets nothing scroll out of it', async () => {
    await place.start();
    place.controls.snapshot = degraded;
    const signals = new EventEmitter();
    const io = fakeIo({ env: { NO_COLOR: '1', LANG: 'C.UTF-8' } });
    const stdout = Object.assign(io.stdout, { isTTY: true, columns: 100, rows: 6 });
    const watching = status(place.config, { watch: true }, { ...io, signals, stdout });
    await until('a screen', () => io.out().includes('DEGRADED'));
    signals.emit('SIGTERM');
    expect(await watching).toBe(0);
    const [, screen = ''] = io.out().split('\u001b[H\u001b[J');
    expect(screen.split('\n')).toHaveLength(5);
    expect(screen).toContain('✖ server siem');
  });
});
