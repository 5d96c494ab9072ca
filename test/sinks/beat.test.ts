import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  startUdpReceiver,
  type StreamReceiver,
  type UdpReceiver,
} from '../../src/simulator/siem.ts';
import { sinks } from '../../src/sinks/index.ts';
import { endedAfterEach, textsAt } from './helpers/closing.ts';
import { archiveServer, testArchive } from './helpers/folder.ts';
import { type PemFolder, pemFolder } from './helpers/tls.ts';
import {
  batchOf,
  isPending,
  never,
  serverAt,
  testTools,
  until,
  withSink,
} from './helpers/tools.ts';

const line = (text: string) => () => Buffer.from(text);

describe('a heartbeat', () => {
  const authority = createAuthority();
  const closing = endedAfterEach();
  let folder: PemFolder;
  let certFile = '';
  beforeAll(async () => {
    folder = await pemFolder();
    certFile = await folder.put('ca.pem', authority.certPem);
  });
  afterAll(() => folder.remove());

  it.each(['TCP', 'TCPSSL', 'UDP'] as const)(
    'goes over %s beside the events, and counts as none of them',
    async (protocol) => {
      const receiver = await closing<StreamReceiver | UdpReceiver>(
        protocol === 'TCP'
          ? startTcpReceiver()
          : protocol === 'UDP'
            ? startUdpReceiver()
            : startTlsReceiver({ authority, names: ['127.0.0.1'] }),
      );
      const tools = testTools();
      const server = serverAt(receiver.port, { protocol, certFile });
      await withSink(sinks[protocol].open(server, tools), async (sink) => {
        await sink.write(batchOf('feed', 2), never);
        await sink.beat?.(line('alive 1'), never);
        await sink.write(batchOf('feed', 1, 2), never);
        await sink.beat?.(line('alive 2'), never);
        await until(() => receiver.lines().length === 5);
        expect(textsAt(receiver)).toEqual(['feed:0', 'feed:1', 'alive 1', 'feed:2', 'alive 2']);
        expect(sink.state().confirmedLines).toBe(3);
        expect(tools.said).toEqual([]);
      });
    },
  );

  it('needs no answer from a server that never closes', async () => {
    const receiver = await closing(startTcpReceiver({ behaviour: { onHalfClose: 'never' } }));
    await withSink(sinks.TCP.open(serverAt(receiver.port), testTools()), async (sink) => {
      await sink.beat?.(line('alive'), never);
      await until(() => receiver.lines().length === 1);
      expect(sink.state()).toMatchObject({ level: 'drained', confirmedLines: 0 });
    });
  });

  it('passes a delivery that hangs, and does not touch it', async () => {
    const receiver = await closing(startTcpReceiver({ behaviour: { onHalfClose: 'never' } }));
    const tools = testTools({ timing: { progressMs: 60_000 } });
    await withSink(sinks.TCP.open(serverAt(receiver.port), tools), async (sink) => {
      const leave = new AbortController();
      const write = sink.write(batchOf('feed', 1), leave.signal);
      await until(() => receiver.lines().length === 1);
      await sink.beat?.(line('alive'), never);
      expect(await isPending(write, 50)).toBe(true);
      leave.abort(new Error('the test ends'));
      await expect(write).rejects.toThrow('the test ends');
    });
  });

  it.each(['TCP', 'UDP'] as const)(
    'that finds nobody over %s fails, and is no trouble of the server',
    async (protocol) => {
      const receiver = protocol === 'TCP' ? await startTcpReceiver() : await startUdpReceiver();
      await receiver.stop();
      const tools = testTools();
      const server = serverAt(receiver.port, { protocol });
      await withSink(sinks[protocol].open(server, tools), async (sink) => {
        await expect(sink.beat?.(line('alive'), never)).rejects.toMatchObject({
          code: 'server_refused',
        });
        expect(sink.state().trouble).toBeUndefined();
        expect(tools.said).toEqual([]);
      });
    },
  );

  it('is broken off at once when nobody waits for it any more', async () => {
    const receiver = await closing(startTcpReceiver());
    receiver.pause();
    const big = Buffer.alloc(64 * 2 ** 20, 'x');
    const tools = testTools({ timing: { progressMs: 60_000 } });
    await withSink(sinks.TCP.open(serverAt(receiver.port), tools), async (sink) => {
      const leave = new AbortController();
      const beat = sink.beat?.(() => big, leave.signal);
      expect(await isPending(beat ?? Promise.resolve(), 100)).toBe(true);
      const reason = new Error('the interval is over');
      leave.abort(reason);
      await expect(beat).rejects.toBe(reason);
    });
  });

  it('has no place in an archive', async () => {
    const archive = await testArchive();
    const sink = sinks.FILE.open(archiveServer(archive.directory), testTools());
    expect('beat' in sink).toBe(false);
    await sink.close();
    await archive.remove();
  });
});
