import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startTcpReceiver, startTlsReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';
import { sinks } from '../../src/sinks/index.ts';
import type { ServerOptions, Sink, SinkType } from '../../src/sinks/sink.ts';
import { archiveServer, testArchive } from '../sinks/helpers/folder.ts';
import { type PemFolder, pemFolder } from '../sinks/helpers/tls.ts';
import {
  batchOf,
  isPending,
  never,
  serverAt,
  testTools,
  textsOf,
  until,
} from '../sinks/helpers/tools.ts';

interface Receiver {
  readonly port: number;
  /** For what is no server on a network. */
  readonly server?: ServerOptions;
  lines(): readonly Buffer[] | Promise<readonly Buffer[]>;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove?(): Promise<void>;
}

const authority = createAuthority();

// A new protocol needs a receiver here: without one its promises are untested.
const startReceiver: Readonly<Record<string, () => Promise<Receiver>>> = {
  TCP: () => startTcpReceiver(),
  TCPSSL: () => startTlsReceiver({ authority, names: ['127.0.0.1'] }),
  UDP: () => startUdpReceiver(),
  FILE: () => startFolder(),
};

/** What a server that is away is told as, and the first step of a check. */
const words: Readonly<Record<string, { readonly trouble: string; readonly check: RegExp }>> = {
  FILE: { trouble: 'archive_blocked', check: /^directory: \/.* will be made in / },
};
const network = { trouble: 'server_refused', check: /^resolve: 127\.0\.0\.1/ };

async function startFolder(): Promise<Receiver> {
  const folder = await testArchive();
  let isAway = false;
  return {
    port: 0,
    server: archiveServer(folder.directory),
    lines: async () => (await folder.lines()).map((line) => Buffer.from(line)),
    stop: async () => {
      if (!isAway) await folder.away();
      isAway = true;
    },
    start: async () => {
      await folder.back();
      isAway = false;
    },
    remove: () => folder.remove(),
  };
}

describe.each(Object.entries<SinkType>(sinks))('Protocol %s', (protocol, type) => {
  let folder: PemFolder;
  let receiver: Receiver;
  let server: ServerOptions;
  const opened: Sink[] = [];
  const open = (tools = testTools()): Sink => {
    const sink = type.open(server, tools);
    opened.push(sink);
    return sink;
  };
  const texts = async (): Promise<string[]> =>
    (await receiver.lines()).map((line) => line.toString('utf8'));
  const { trouble, check } = words[protocol] ?? network;

  beforeEach(async () => {
    folder = await pemFolder();
    const start = startReceiver[protocol];
    if (start === undefined) throw new Error(`add a receiver for ${protocol} to this test`);
    receiver = await start();
    const certFile = await folder.put('ca.pem', authority.certPem);
    server = receiver.server ?? serverAt(receiver.port, { protocol, certFile });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sink) => sink.close()));
    await receiver.stop();
    await receiver.remove?.();
    await folder.remove();
  });

  it('says in one line what it is and how sure it can be', () => {
    expect(protocol).toMatch(/^[A-Z0-9]+$/);
    expect(type.summary, `${protocol} has no summary`).toMatch(/^[A-Z][^\n]{20,100}\.$/);
    expect(['none', 'transport', 'drained', 'accepted', 'durable']).toContain(type.confirms);
  });

  it('delivers every line of a batch, in order, and says how many', async () => {
    const sink = open();
    await sink.restore('feed', undefined, never);
    const mark = await sink.write(batchOf('feed', 100), never);
    expect(mark !== undefined).toBe(type.confirms === 'durable');
    await until(async () => (await texts()).length === 100);
    expect(await texts()).toEqual(textsOf(batchOf('feed', 100)));
    expect(sink.state()).toMatchObject({ level: type.confirms, confirmedLines: 100 });
  });

  it('has nothing to do for a batch without lines', async () => {
    const sink = open();
    await sink.write(batchOf('feed', 0), never);
    expect(sink.state().confirmedLines).toBe(0);
  });

  it('opens while its server is down, shows the trouble with a remedy, and delivers when it is back', async () => {
    await receiver.stop();
    const tools = testTools();
    const sink = open(tools);
    const write = sink.write(batchOf('feed', 3), never);
    expect(await isPending(write, 200)).toBe(true);
    expect(sink.state().trouble).toMatchObject({ code: trouble });
    expect(tools.said).toHaveLength(1);
    expect(tools.said[0]).toMatchObject({ level: 'warn', fields: { server: server.id } });
    expect(tools.said[0]?.fields['hint']).toMatch(/^[A-Z].*\.$/);
    await receiver.start();
    await write;
    await until(async () => (await texts()).length >= 3);
    expect(new Set(await texts())).toEqual(new Set(textsOf(batchOf('feed', 3))));
    expect(sink.state().trouble).toBeUndefined();
  });

  it('ends a write that is aborted with the reason, and no other', async () => {
    await receiver.stop();
    const sink = open(testTools({ slotsTaken: () => 2 }));
    const leaves = new AbortController();
    const first = sink.write(batchOf('first', 1), leaves.signal);
    const second = sink.write(batchOf('second', 1), never);
    const reason = new Error('the feed leaves');
    leaves.abort(reason);
    await expect(first).rejects.toBe(reason);
    await receiver.start();
    await second;
    await until(async () => (await texts()).includes('second:0'));
    expect(await texts()).not.toContain('first:0');
  });

  it('does not begin a write that is aborted already', async () => {
    const reason = new Error('too late');
    await expect(open().write(batchOf('feed', 1), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('is checked step by step without sending anything', async () => {
    const steps: string[] = [];
    await open().check((step, detail) => steps.push(`${step}: ${detail}`), never);
    expect(steps[0]).toMatch(check);
    expect(await texts()).toEqual([]);
  });

  it('can be flushed and closed at any time, and closed again', async () => {
    const sink = open();
    sink.flush();
    await sink.write(batchOf('feed', 1), never);
    await sink.close();
    await sink.close();
    await expect(sink.write(batchOf('feed', 1), never)).rejects.toMatchObject({
      code: 'sink_closed',
    });
  });
});
