import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGaps } from '../../../src/checkpoint/gaps.ts';
import { gapsPath } from '../../../src/checkpoint/gap-record.ts';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { run } from '../../../src/cli/commands/run.ts';
import { main } from '../../../src/cli/program.ts';
import { withCommandLock } from '../../../src/cli/command-lock.ts';
import { silentLogger } from '../../../src/core/log.ts';
import type { FeedGap } from '../../../src/core/types.ts';
import { type DuoSimulator, startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { startTcpReceiver } from '../../../src/simulator/siem.ts';
import { TestClock } from '../../engine/test-clock.ts';
import { makeWorkplace, type TestServer, type Workplace } from '../../helpers/program.ts';
import { fakeIo } from '../fake-io.ts';

let duo: DuoSimulator;
let workplace: Workplace;
let state = '';
beforeEach(async () => {
  duo = await startDuo();
  workplace = await makeWorkplace(duo, [
    { id: 'siem', protocol: 'TCP', port: 9, endpoints: ['auth'] },
  ]);
  state = stateDirectory(workplace.state, duo.hostname);
});
afterEach(async () => {
  await duo.close();
  await workplace.remove();
});

const gap: FeedGap = {
  kind: 'reach',
  feedId: 'auth > siem',
  account: { id: undefined, name: 'api-1' },
  endpoint: 'auth',
  serverId: 'siem',
  fromMs: Date.UTC(2026, 0, 1),
  toMs: Date.UTC(2026, 0, 2),
  reason: 'too old',
};

/** What the program keeps. */
async function keep(...more: FeedGap[]): Promise<void> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const store = await openGaps({ directory: state, clock: new TestClock(), log: silentLogger });
  await store.add(more);
}

async function gaps(...argv: string[]) {
  const io = fakeIo();
  const code = await main(['gaps', '-c', workplace.configFile, ...argv], io);
  return { code, out: io.out(), err: io.err() };
}

describe('duologsync gaps', () => {
  it('says that there is none, with exit code 0, also before the first start', async () => {
    expect(await gaps()).toMatchObject({ code: 0, out: 'No gap is unacknowledged.\n' });
    await keep();
    expect((await gaps('--ack', 'all')).code).toBe(0);
    expect(JSON.parse((await gaps('--json')).out)).toEqual({ schema_version: 1, gaps: [] });
  });

  it('lists what the program has found, also when it runs again before anybody has looked', async () => {
    const siem = await startTcpReceiver();
    const server: TestServer = {
      id: 'siem',
      protocol: 'TCP',
      port: siem.port,
      endpoints: ['adminaction'],
    };
    const other = await makeWorkplace(duo, [server]);
    try {
      const fromMs = Date.now() - 3_600_000;
      duo.add('adminaction', makeEvents('adminaction', { count: 1_100, fromMs, stepMs: 0 }));
      const config = other.configFile;
      const once = { once: true, interval: 1, rate: 6000 };
      for (let runs = 0; runs < 2; runs += 1) expect(await run(config, once, fakeIo())).toBe(0);
      const io = fakeIo();
      expect(await main(['gaps', '-c', config, '--json'], io)).toBe(1);
      const secondMs = Math.floor(fromMs / 1000) * 1000;
      expect(JSON.parse(io.out())).toMatchObject({
        gaps: [
          {
            feed: 'adminaction > siem',
            endpoint: 'adminaction',
            server: 'siem',
            kind: 'second',
            from: new Date(secondMs).toISOString(),
            to: new Date(secondMs + 1000).toISOString(),
          },
        ],
      });
      const log = await other.log();
      expect(log.match(/ERROR Events of this time are lost for good/g)).toHaveLength(1);
      expect(log).toContain('WARNING There are gaps that nobody has acknowledged gaps=1');
    } finally {
      await siem.stop();
      await other.remove();
    }
  });

  it('lists them oldest first with what to do and what to type, with exit code 1', async () => {
    const child = { id: 'DACHILD', name: 'AC\u001b[31mME' };
    await keep(gap, {
      ...gap,
      account: child,
      feedId: 'auth DACHILD > siem',
      fromMs: 5,
      kind: 'second',
    });
    const { code, out } = await gaps();
    expect(code).toBe(1);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^GAP +LOG +ACCOUNT +SERVER +FROM +TO +REASON$/);
    expect(lines[1]).toMatch(
      /^[0-9a-f]{8} {2}auth {2}AC\?\[31mME \(DACHILD\) {2}siem +1970-01-01T/,
    );
    expect(lines[2]).toMatch(/2026-01-01T00:00:00.000Z {2}2026-01-02T00:00:00.000Z {2}too old$/);
    expect(out).toContain('Duo serves 180 days and no more');
    expect(out).toContain('Duo shows 1,000 rows of one second');
    expect(out).toContain(`duologsync gaps --ack all -c ${workplace.configFile}`);
  });

  it('shows one no more once it is acknowledged, and the others still', async () => {
    await keep(gap, { ...gap, kind: 'letters', key: 'x' });
    const listed = JSON.parse((await gaps('--json')).out) as {
      gaps: { id: string; kind: string }[];
    };
    const [first, second] = listed.gaps;
    expect(await gaps('--ack', first?.id ?? '')).toMatchObject({ code: 1 });
    expect((await gaps()).out).not.toContain(first?.id);
    const last = await gaps('--ack', second?.id ?? '');
    expect(last).toMatchObject({ code: 0, out: 'Acknowledged: 1\nNo gap is unacknowledged.\n' });
    expect((await gaps()).code).toBe(0);
    // The program's own file is only read: it may be running.
    expect((await readFile(gapsPath(state), 'utf8')).split('\n')).toHaveLength(3);
  });

  it('shows one again that has grown since', async () => {
    await keep(gap);
    await gaps('--ack', 'all');
    await keep({ ...gap, toMs: gap.toMs + 9 * 3_600_000 });
    expect((await gaps()).code).toBe(1);
  });

  it('acknowledges nothing when one of the ids is wrong, and says where they stand', async () => {
    await keep(gap);
    const { code, err } = await gaps('--ack', 'nonsense');
    expect(code).toBe(2);
    expect(err).toContain('there is no unacknowledged gap nonsense');
    expect((await gaps()).code).toBe(1);
  });

  it('waits for no other command: it says that one is at work', async () => {
    await keep(gap);
    await withCommandLock(state, fakeIo(), async () => {
      expect(await gaps('--ack', 'all')).toMatchObject({ code: 75 });
      expect((await gaps()).code).toBe(1);
    });
  });

  it('says so when its own file is damaged, instead of hiding gaps', async () => {
    await keep(gap);
    await writeFile(`${state}/gaps-acknowledged.json`, '{');
    const { code, err } = await gaps();
    expect(code).toBe(73);
    expect(err).toContain('Move that file away');
  });
});
