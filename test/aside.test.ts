import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Aside } from '../src/aside.ts';
import type { Config, ServerConfig } from '../src/config/schema.ts';
import { Slots } from '../src/engine/slots.ts';
import type { Formatter } from '../src/formatters/formatter.ts';
import { Histories } from '../src/status/history.ts';
import { snapshotOf } from '../src/status/snapshot.ts';
import type { Sink } from '../src/sinks/sink.ts';
import { createAuthority } from '../src/simulator/certificates.ts';
import { recordingLog } from './engine/parts.ts';
import { rest, TestClock } from './engine/test-clock.ts';
import { twoServers } from './helpers/config.ts';
import { feedPart, nowMs, parts, serverPart } from './status/parts.ts';

const dayMs = 86_400_000;
const never = new AbortController().signal;
const formatter: Formatter = { format: ({ source }) => source };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aside-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function withServer(config: Config, more: Partial<ServerConfig>): Config {
  const [first, ...others] = config.servers;
  if (first === undefined) throw new Error('no server');
  return { ...config, servers: [{ ...first, ...more }, ...others] };
}

async function aside(first: Config) {
  const clock = new TestClock();
  const { log, said } = recordingLog();
  const told: string[] = [];
  const sinkOf = (name: string): Sink =>
    ({
      beat: async (line) => void told.push(`${name} ${Buffer.from(line()).toString()}`),
    }) as Partial<Sink> as Sink;
  const app = {
    config: first,
    // The old sink of a reload comes first.
    destinations: ['old', 'new'].map((name) => ({
      config: { id: 'a' } as Partial<ServerConfig> as ServerConfig,
      sink: sinkOf(name),
      formatter,
      slots: new Slots(),
    })),
  };
  const made = new Aside({
    ...{ clock, log, sender: 'here', startedMs: clock.startMs },
    app,
    parts: () => parts({ nowMs: clock.nowMs() }),
    look: async () => {
      const kept = { gaps: 1, deadLetters: 1 };
      const now = parts({ nowMs: clock.nowMs() });
      return { parts: now, kept, snapshot: snapshotOf(now, new Histories(), kept) };
    },
  });
  return { made, app, clock, said, told };
}

describe('what goes on beside the feeds', () => {
  it('sends heartbeats by the newest sink, with the state that everybody is shown', async () => {
    const { made, clock, told } = await aside(
      withServer(await twoServers(), { heartbeat_seconds: 60 }),
    );
    const stop = new AbortController();
    void clock.sleep(61_000, never).then(() => stop.abort(new Error('the test ends')));
    await made.run(stop.signal);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^new \{.*"state":"degraded","problems":2,"number":1/);
    expect(told[0]).toContain('"sender":"here"');
    expect(made.ofServer({ id: 'a' }).heartbeat).toMatchObject({ everySeconds: 60, sent: 2 });
    expect(made.ofServer({ id: 'b' }).heartbeat).toBeUndefined();
  });

  it('sends none to an archive', async () => {
    const { made, clock, told } = await aside(
      withServer(await twoServers(), { heartbeat_seconds: 60, protocol: 'FILE' }),
    );
    const stop = new AbortController();
    void clock.sleep(61_000, never).then(() => stop.abort(new Error('the test ends')));
    await made.run(stop.signal);
    expect(told).toEqual([]);
  });

  it('follows another reading of the config: heartbeats and client certificates', async () => {
    const config = await twoServers();
    const { made, app, told } = await aside(config);
    const stop = new AbortController();
    const running = made.run(stop.signal);
    await rest();
    expect(told).toEqual([]);
    const authority = createAuthority();
    const endsMs = Math.floor(Date.now() / 1000) * 1000 + 20 * dayMs;
    const { certPem } = authority.issue({ names: ['here'], client: true, validToMs: endsMs });
    const file = join(folder, 'client.pem');
    await writeFile(file, certPem);
    app.config = withServer(config, {
      ...{ heartbeat_seconds: 60, protocol: 'TCPSSL', client_cert_filepath: file },
    });
    made.reloaded();
    await expect.poll(() => made.ofServer({ id: 'a' }).clientCertificateEndsMs).toBe(endsMs);
    expect(told.length).toBeGreaterThan(0);
    stop.abort(new Error('the test ends'));
    await running;
  });

  it('judges silence by the hours of the config that holds now', async () => {
    const config = await twoServers();
    const { made, app } = await aside(config);
    const quiet = { lastEventMs: nowMs - 7 * 3_600_000, confirmedToMs: nowMs };
    const facts = {
      ...{ startedMs: nowMs - dayMs, servers: [serverPart('siem')] },
      feeds: [feedPart('auth', quiet)],
    };
    expect(made.silencesOf(facts)).toEqual([]);
    const { dls_settings } = config;
    app.config = { ...config, dls_settings: { ...dls_settings, alert_after: { auth: 6 } } };
    expect(made.silencesOf(facts)).toMatchObject([{ endpoint: 'auth', isSilent: true }]);
  });
});
