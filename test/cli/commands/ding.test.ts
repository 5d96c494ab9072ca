import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { QueryAnswers } from '../../../src/control/query-answer.ts';
import { openQuerySocket } from '../../../src/control/query-socket.ts';
import { main } from '../../../src/cli/program.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { captured } from '../../control/fake-query.ts';
import { recordingLog } from '../../engine/parts.ts';
import { freeUdpPort } from '../../helpers/free-udp-port.ts';
import { fakeIo } from '../fake-io.ts';

async function ding(...words: readonly (string | number)[]) {
  // Seconds of silence pass at once.
  const sleep: typeof systemClock.sleep = (ms, signal) => systemClock.sleep(ms / 10, signal);
  const io = fakeIo({ clock: { ...systemClock, sleep } });
  const exit = await main(['ding', ...words.map(String)], io);
  return { exit, out: io.out(), err: io.err() };
}

async function program() {
  const fake = captured();
  const { log } = recordingLog();
  const answers = new QueryAnswers(fake);
  const address = '127.0.0.1';
  const socket = await openQuerySocket({ port: 0, address, answers, clock: systemClock, log });
  onTestFinished(() => socket.close());
  return { fake, port: socket.port };
}

/** A port at which somebody says what `answer` makes of each datagram. */
async function somebody(answer: (text: string) => readonly string[]): Promise<number> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (datagram: Buffer, { port, address }: RemoteInfo) => {
    for (const text of answer(datagram.toString('utf8'))) socket.send(text, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

describe('duologsync ding', () => {
  it('prints the status, and ends with 0 when all is well', async () => {
    const { port } = await program();
    const { exit, out, err } = await ding('127.0.0.1', port);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(/^P0Ready\n\nauth: At .*\nadmin: At .*\nphone: At .*\n$/);
  });

  it('ends with 1 for an alert, and for a command that is refused', async () => {
    const { port, fake } = await program();
    fake.change('auth', { health: 'parked' });
    expect(await ding('127.0.0.1', port, 's')).toMatchObject({
      exit: 1,
      out: expect.stringMatching(/^P5Dead thread: auth\n/) as string,
    });
    expect(await ding('127.0.0.1', port, 'bogus')).toMatchObject({
      exit: 1,
      out: 'P5Unrecognized command\n',
    });
  });

  it('gives a command of several words, at a name with more than one address, once', async () => {
    const { port, fake } = await program();
    expect(await ding('localhost', port, 'thread', 'auth', 'stop')).toMatchObject({
      exit: 0,
      out: 'P2Thread auth terminated\n',
    });
    expect(await ding('127.0.0.1', port, 'thread auth start')).toMatchObject({ exit: 0 });
    expect(fake.asked).toEqual([
      ['pause', 'auth'],
      ['resume', 'auth'],
    ]);
  });

  it('lets no answer steer the terminal', async () => {
    const port = await somebody((text) => [
      `${text.split(' ')[0] ?? ''} P0\u001b[2JReady\n\nx\r\n`,
    ]);
    expect(await ding('127.0.0.1', port)).toMatchObject({ exit: 0, out: 'P0?[2JReady\n\nx?\n' });
  });

  it('takes no answer to another question for its own', async () => {
    const port = await somebody((text) => [
      'P0Ready\n',
      '1 P0Ready\n',
      `${text.split(' ')[0]} P3Mine\n`,
    ]);
    expect(await ding('127.0.0.1', port)).toMatchObject({ exit: 0, out: 'P3Mine\n' });
  });

  it('ends with 69 and what to look at when nobody answers', async () => {
    const silent = await somebody(() => []);
    const said = await ding('127.0.0.1', silent);
    expect(said).toMatchObject({ exit: 69, out: '' });
    expect(said.err).toContain(`127.0.0.1 UDP port ${silent}: no answer within 4 s\n`);
    expect(said.err).toContain('is dls_settings.query_port set');
    const free = await freeUdpPort();
    expect(await ding('127.0.0.1', free)).toMatchObject({ exit: 69, out: '' });
    expect(await ding('nowhere.invalid', 2681)).toMatchObject({ exit: 69 });
  });

  it('asks at port 2681 when none is named, and refuses what is no port', async () => {
    const { exit, err } = await ding('127.0.0.1', 70_000);
    expect({ exit, err }).toEqual({
      exit: 2,
      err: 'duologsync: 70000 is no port: write a number from 1 to 65535.\n',
    });
  });
});
