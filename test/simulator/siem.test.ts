import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket, connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startTcpReceiver, startTlsReceiver } from '../../src/simulator/siem.ts';
import type { StreamReceiver } from '../../src/simulator/siem.ts';
import { until } from './harness.ts';

const open: StreamReceiver[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.stop()));
});

const authority = createAuthority();
const names = ['siem.example'];

interface Peer {
  readonly receiver: StreamReceiver;
  readonly connect: (extra?: ConnectionOptions) => Socket;
}

const transports: Readonly<Record<'TCP' | 'TLS', (options?: object) => Promise<Peer>>> = {
  async TCP(options = {}) {
    const receiver = await startTcpReceiver(options);
    open.push(receiver);
    return { receiver, connect: () => connectTcp(receiver.port, '127.0.0.1') };
  },
  async TLS(options = {}) {
    const receiver = await startTlsReceiver({ authority, names, ...options });
    open.push(receiver);
    const tls = { host: '127.0.0.1', servername: 'siem.example', ca: authority.certPem };
    return {
      receiver,
      connect: (extra = {}) => connectTls({ ...tls, port: receiver.port, ...extra }),
    };
  },
};

/** How the connection ended for the sender: a clean end of the peer, or an error's code. */
function ending(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let how = 'closed';
    socket.on('end', () => (how = 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => (how = error.code ?? 'error'));
    socket.on('close', () => resolve(how));
    socket.resume();
  });
}

// A reset that comes together with unread bytes is told as a clean end (libuv: POLLHUP after a partial read).
// TLS 1.2 sends no session tickets after the handshake, so that a sender that waited has read everything.
const noTickets = { maxVersion: 'TLSv1.2' };

function ready(socket: Socket): Promise<unknown> {
  const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
  return new Promise((resolve) => socket.once(event, resolve));
}

const texts = (receiver: StreamReceiver): string[] => receiver.lines().map(String);

describe.each(['TCP', 'TLS'] as const)('a %s receiver', (transport) => {
  it('takes complete lines and ends after the sender did, as rsyslog does', async () => {
    const { receiver, connect } = await transports[transport]();
    const socket = connect();
    const end = ending(socket);
    socket.write('one\ntw');
    socket.end('o\ntorn');
    expect(await end).toBe('end');
    await until(() => receiver.connections.open === 0);
    expect(texts(receiver)).toEqual(['one', 'two']);
    expect(receiver.torn).toBe(1);
    expect(receiver.connections).toMatchObject({ accepted: 1, clean: 1, broken: 0 });
  });

  it('can reset in place of its end', async () => {
    const { receiver, connect } = await transports[transport]({
      ...noTickets,
      behaviour: { onHalfClose: 'reset' },
    });
    const socket = connect();
    const end = ending(socket);
    await ready(socket);
    socket.end('one\n');
    expect(await end).toBe('ECONNRESET');
    expect(texts(receiver)).toEqual(['one']);
  });

  it('can keep silent after the sender ended', async () => {
    const { receiver, connect } = await transports[transport]({
      behaviour: { onHalfClose: 'never' },
    });
    const socket = connect();
    let ended = false;
    socket
      .on('end', () => (ended = true))
      .on('error', () => undefined)
      .resume();
    socket.end('one\n');
    await until(() => receiver.received === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(false);
  });

  it('can end or reset early', async () => {
    const { receiver, connect } = await transports[transport](noTickets);
    receiver.behaviour.closeAfterBytes = 5;
    const early = connect();
    early.on('error', () => undefined).resume();
    const ended = new Promise((resolve) => early.once('end', resolve));
    early.write('12345\n');
    await ended;
    receiver.behaviour.resetAfterBytes = 5;
    const reset = connect();
    const how = ending(reset);
    await ready(reset);
    reset.write('12345\n');
    expect(await how).toBe('ECONNRESET');
  });

  it('goes down with a reset of everything and comes back on its port', async () => {
    const { receiver, connect } = await transports[transport](noTickets);
    const { port } = receiver;
    const socket = connect();
    const how = ending(socket);
    await ready(socket);
    socket.write('one\n');
    await until(() => receiver.received === 1);
    await receiver.stop();
    expect(await how).toBe('ECONNRESET');
    expect(await ending(connect())).toBe('ECONNREFUSED');
    await receiver.start();
    expect(receiver.port).toBe(port);
    const again = connect();
    const clean = ending(again);
    again.end('two\n');
    expect(await clean).toBe('end');
    expect(texts(receiver)).toEqual(['one', 'two']);
  });

  it('freezes: it accepts and reads nothing until it goes on', async () => {
    const { receiver, connect } = await transports[transport]();
    receiver.pause();
    const socket = connect();
    const end = ending(socket);
    socket.end('one\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(receiver.received).toBe(0);
    receiver.resume();
    expect(await end).toBe('end');
    expect(receiver.received).toBe(1);
  });
});

describe('a TLS receiver', () => {
  it('is refused under an unknown authority, another name or an expired certificate', async () => {
    const { connect } = await transports.TLS();
    expect(await ending(connect({ ca: createAuthority().certPem }))).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    expect(await ending(connect({ servername: 'other.example' }))).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
    const past = Date.now() - 86_400_000;
    const expired = await transports.TLS({ validFromMs: past - 1000, validToMs: past });
    expect(await ending(expired.connect())).toBe('CERT_HAS_EXPIRED');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('lets in only its own clients (%s)', async (version) => {
    const clients = createAuthority({ name: 'clients' });
    const { receiver, connect } = await transports.TLS({
      requestClientCert: clients,
      minVersion: version,
      maxVersion: version,
    });
    const good = clients.issue({ names: ['forwarder'], client: true });
    const socket = connect({ cert: good.certPem, key: good.keyPem });
    const end = ending(socket);
    socket.end('one\n');
    expect(await end).toBe('end');
    const refusals = ['ECONNRESET', 'end'];
    expect(refusals).toContain(await ending(connect()));
    const stranger = createAuthority().issue({ names: ['forwarder'], client: true });
    const other = { cert: stranger.certPem, key: stranger.keyPem };
    expect(refusals).toContain(await ending(connect(other)));
    receiver.behaviour.onStranger = 'end';
    const last = connect(other);
    const polite = ending(last);
    last.write('two\n');
    expect(await polite).toBe('end');
    expect(texts(receiver)).toEqual(['one']);
    expect(receiver.connections).toMatchObject({ accepted: 1, refused: 3 });
  });
});
