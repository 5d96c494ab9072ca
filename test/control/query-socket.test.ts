import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { isIPv6 } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { QueryAnswers } from '../../src/control/query-answer.ts';
import { openQuerySocket, type QuerySocketOptions } from '../../src/control/query-socket.ts';
import { systemClock } from '../../src/core/clock.ts';
import { recordingLog } from '../engine/parts.ts';
import { captured } from './fake-query.ts';

async function open(more: Partial<QuerySocketOptions> = {}) {
  const { log, said } = recordingLog();
  const program = captured();
  const socket = await openQuerySocket({
    port: 0,
    address: undefined,
    answers: new QueryAnswers(program),
    clock: systemClock,
    log,
    ...more,
  });
  onTestFinished(() => socket.close());
  return { ...socket, program, said };
}

async function asker(host: string): Promise<Socket> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}

/** What comes back first. */
async function ask(host: string, port: number, ...datagrams: (string | Buffer)[]): Promise<string> {
  const socket = await asker(host);
  const answered = once(socket, 'message');
  for (const datagram of datagrams) socket.send(datagram, port, host);
  const [answer] = (await answered) as [Buffer];
  return answer.toString('utf8');
}

const others = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address);
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

describe('the socket of the query port', () => {
  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'answers on %s when no address is set, and lets this machine steer',
    async (host) => {
      const { port, program } = await open();
      expect(await ask(host, port, '42 s')).toMatch(/^42 P0Ready\n\nauth: At /);
      expect(await ask(host, port, 'thread auth stop')).toBe('P2Thread auth terminated\n');
      expect(program.asked).toEqual([['pause', 'auth']]);
    },
  );

  it.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'listens on %s alone when told so',
    async (address) => {
      const { port } = await open({ address });
      expect(await ask(address, port, 's')).toMatch(/^P0Ready\n/);
    },
  );

  it.each(others)(
    'answers another address (%s) as any other host: it may only look',
    async (host) => {
      const { port, program } = await open();
      expect(await ask(host, port, 'thread auth stop', 'help', '7 ack')).toMatch(/^7 P0Ready\n/);
      expect(program.asked).toEqual([]);
    },
  );

  it('leaves what is too long, empty or no text, and answers the next question', async () => {
    const { port, said } = await open();
    const odd = [Buffer.alloc(1_025, 's'), Buffer.alloc(0), Buffer.from([0x73, 0xff]), '42'];
    expect(await ask('127.0.0.1', port, ...odd, '9 s')).toMatch(/^9 P0Ready\n/);
    expect(said).toEqual([]);
  });

  it('goes on when the program could not answer, and says so in the log', async () => {
    const { port, program, said } = await open();
    const { shown } = program;
    program.view = () => Promise.reject(new Error('out of order'));
    const socket = await asker('127.0.0.1');
    socket.send('s', port, '127.0.0.1');
    await expect.poll(() => said.length, { timeout: 20_000 }).toBe(1);
    expect(said[0]).toMatchObject({ level: 'warn', fields: { message: 'out of order' } });
    program.view = async () => shown;
    expect(await ask('127.0.0.1', port, 's')).toMatch(/^P0Ready/);
  });

  it('is refused with the fix when the port is taken, or the address is none of this machine', async () => {
    const { port } = await open({ address: '127.0.0.1' });
    await expect(open({ port, address: '127.0.0.1' })).rejects.toMatchObject({
      code: 'query_port_taken',
      message: `UDP port ${port} is taken by another program`,
      hint: expect.stringContaining('dls_settings.query_port') as string,
    });
    await expect(open({ address: '192.0.2.1' })).rejects.toMatchObject({
      code: 'query_port_unusable',
      hint: expect.stringContaining('dls_settings.query_address') as string,
    });
  });
});
