import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { openTcp } from '../../src/sinks/tcp.ts';
import { batchOf, never, serverAt, testTools, until, withSink } from './helpers/tools.ts';

const timing = { vigilMs: 5_000 };

/** A receiver that closes connections on which nothing comes. */
async function impatient(afterMs: number) {
  const texts: string[] = [];
  const counts = { idle: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    let text = '';
    const idle = setTimeout(() => {
      counts.idle += 1;
      socket.end();
    }, afterMs);
    socket.on('data', (piece) => {
      clearTimeout(idle);
      text += piece.toString();
    });
    socket.on('error', () => undefined);
    socket.on('end', () => {
      clearTimeout(idle);
      texts.push(...text.split('\n').slice(0, -1));
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, texts, counts };
}

describe('a server that crashes after the last group', () => {
  it('and is back before anything else is sent gets that group again', async () => {
    const receiver = await startTcpReceiver();
    onTestFinished(() => receiver.stop());
    await withSink(openTcp(serverAt(receiver.port), testTools({ timing })), async (sink) => {
      await sink.write(batchOf('feed', 2), never);
      await until(() => receiver.connections.open === 1);
      await receiver.stop();
      await until(() => sink.state().trouble !== undefined);
      await receiver.start();
      await until(() => receiver.received === 4);
      expect(receiver.lines().map(String)).toEqual(['feed:0', 'feed:1', 'feed:0', 'feed:1']);
      await until(() => sink.state().trouble === undefined);
    });
  });

  it('gets nothing again when nothing is ever replayed', async () => {
    const receiver = await startTcpReceiver();
    onTestFinished(() => receiver.stop());
    const tools = testTools({ timing: { ...timing, replayGroups: 0 } });
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batchOf('feed', 2), never);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(receiver.connections).toMatchObject({ accepted: 1, open: 0 });
    });
  });
});

describe('a server that is watched after the last group', () => {
  it('and closes what is idle gets nothing again', async () => {
    const { port, texts, counts } = await impatient(250);
    const tools = testTools({ timing });
    await withSink(openTcp(serverAt(port), tools), async (sink) => {
      for (let n = 0; n < 4; n += 1) {
        await sink.write(batchOf('feed', 1, n), never);
        await until(() => counts.idle === n + 1);
      }
      expect(sink.state().trouble).toBeUndefined();
    });
    expect(texts).toEqual(['feed:0', 'feed:1', 'feed:2', 'feed:3']);
    expect(tools.said).toEqual([]);
  });

  it('is let go when time is over, when something is sent, and when the sink is closed', async () => {
    const receiver = await startTcpReceiver();
    onTestFinished(() => receiver.stop());
    const tools = testTools({ timing: { vigilMs: 200 } });
    await withSink(openTcp(serverAt(receiver.port), tools), async (sink) => {
      await sink.write(batchOf('feed', 1), never);
      await until(() => receiver.connections.accepted === 2);
      await until(() => receiver.connections.open === 0);
      await sink.write(batchOf('feed', 1, 1), never);
      await until(() => receiver.connections.open === 1);
      await sink.write(batchOf('feed', 1, 2), never);
      await until(() => receiver.connections.open === 1);
    });
    await until(() => receiver.connections.open === 0);
    expect(receiver.connections).toMatchObject({ clean: receiver.connections.accepted, broken: 0 });
  });

  it('has hardly a further connection while one group follows the other', async () => {
    const receiver = await startTcpReceiver();
    onTestFinished(() => receiver.stop());
    await withSink(openTcp(serverAt(receiver.port), testTools({ timing })), async (sink) => {
      for (let n = 0; n < 20; n += 1) await sink.write(batchOf('feed', 1, n), never);
      // A busy machine may take its time between two of them.
      expect(receiver.connections.accepted).toBeLessThan(30);
    });
  });
});
