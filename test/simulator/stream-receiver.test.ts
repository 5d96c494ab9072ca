import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import type {
  EndedConnection,
  StreamOptions,
  StreamReceiver,
} from '../../src/simulator/stream-receiver.ts';
import { until } from './harness.ts';

const open: StreamReceiver[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.stop()));
});

async function start(options: StreamOptions = {}): Promise<StreamReceiver> {
  const receiver = await startTcpReceiver(options);
  open.push(receiver);
  return receiver;
}

function sender(receiver: StreamReceiver): { socket: Socket; ended: Promise<unknown> } {
  const socket = connect(receiver.port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  return { socket, ended: new Promise((resolve) => socket.once('end', resolve)) };
}

describe('a stream receiver', () => {
  it('reads no faster than it was told', async () => {
    const receiver = await start({ behaviour: { readBytesPerSecond: 1_000_000 } });
    const { socket, ended } = sender(receiver);
    const startedMs = performance.now();
    socket.end(`${'x'.repeat(99)}\n`.repeat(3000));
    await ended;
    expect(receiver.received).toBe(3000);
    // 300 kB at 1 MB/s, less the piece after which nothing is waited for.
    expect(performance.now() - startedMs).toBeGreaterThan(200);
  });

  it('can confirm what it never kept', async () => {
    const receiver = await start({ behaviour: { discard: true } });
    const { socket, ended } = sender(receiver);
    socket.end('one\n');
    await ended;
    expect(receiver.received).toBe(0);
  });

  it('can take its time before it ends, and ends only after what it is told to await', async () => {
    let stored = false;
    const receiver = await start({
      behaviour: { closeDelayMs: 30 },
      beforeClose: async () => void (stored = true),
    });
    const { socket, ended } = sender(receiver);
    const startedMs = performance.now();
    socket.end('one\n');
    await ended;
    expect(stored).toBe(true);
    expect(performance.now() - startedMs).toBeGreaterThan(25);
  });

  it('tells of each connection how it ended, and what of a line it had brought', async () => {
    const ends: EndedConnection[] = [];
    const receiver = await start({ onClose: (connection) => ends.push(connection) });
    const { behaviour } = receiver;
    const talk = async (text: string): Promise<void> => {
      const { length } = ends;
      sender(receiver).socket.end(text);
      await until(() => ends.length > length);
    };
    await talk('one\ntwo\n');
    await talk('three\nfo');
    behaviour.onHalfClose = 'reset';
    await talk('five\n');
    behaviour.onHalfClose = 'close';
    behaviour.closeAfterBytes = 1;
    await talk('six\n');
    delete behaviour.closeAfterBytes;
    behaviour.onHalfClose = 'never';
    const { socket } = sender(receiver);
    socket.end('seven\n');
    await until(() => receiver.received === 6);
    await receiver.stop();
    await until(() => ends.length === 5);
    expect(ends.map(({ lines, cutOff, orderly }) => [lines, String(cutOff), orderly])).toEqual([
      [2, '', true],
      [1, 'fo', true],
      [1, '', false],
      [1, '', false],
      [1, '', false],
    ]);
  });

  it('hands over lines as they come, kept or not', async () => {
    const seen: string[] = [];
    const receiver = await start({ keep: false, onLine: (line) => seen.push(line.toString()) });
    const { socket, ended } = sender(receiver);
    socket.write('one\n');
    await until(() => seen.length === 1);
    socket.end('two\n');
    await ended;
    expect([seen, receiver.received, receiver.lines()]).toEqual([['one', 'two'], 2, []]);
  });

  it('counts a connection that broke as broken', async () => {
    const receiver = await start();
    const { socket } = sender(receiver);
    socket.write('one\ntorn');
    await until(() => receiver.received === 1);
    socket.resetAndDestroy();
    await until(() => receiver.connections.open === 0);
    expect(receiver.torn).toBe(1);
  });
});
