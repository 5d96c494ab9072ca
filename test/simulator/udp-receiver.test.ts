import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { startUdpReceiver } from '../../src/simulator/udp-receiver.ts';
import type { UdpReceiver } from '../../src/simulator/udp-receiver.ts';
import { until } from './harness.ts';

const open: UdpReceiver[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.stop()));
});

async function send(host: string, port: number, text: string): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.send(text, port, host, () => resolve()));
  socket.close();
}

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

describe('a UDP receiver', () => {
  it.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])('takes datagrams at %s', async (host) => {
    const seen: string[] = [];
    const receiver = await startUdpReceiver({ host, onLine: (line) => seen.push(line.toString()) });
    open.push(receiver);
    await send(host, receiver.port, 'one\n');
    await until(() => seen.length === 1);
    expect(receiver.lines().map(String)).toEqual(['one']);
    expect(receiver.datagrams().map(String)).toEqual(['one\n']);
  });

  it('comes back on its port', async () => {
    const receiver = await startUdpReceiver();
    open.push(receiver);
    const { port } = receiver;
    await receiver.stop();
    await receiver.start();
    expect(receiver.port).toBe(port);
    await send('127.0.0.1', port, 'two');
    await until(() => receiver.lines().length === 1);
    expect(receiver.lines().map(String)).toEqual(['two']);
  });
});
