import { createPrivateKey } from 'node:crypto';
import { createServer } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import {
  startTcpReceiver,
  startTlsReceiver,
  type StreamReceiver,
  type TlsOptions,
} from '../../src/simulator/siem.ts';
import { type Address, thisMachine } from '../../src/sinks/machine.ts';
import type { ServerOptions } from '../../src/sinks/sink.ts';
import { openTls, TCPSSL } from '../../src/sinks/tls.ts';
import { endedAfterEach, textsAt } from './helpers/closing.ts';
import { listen, type Receiver } from './helpers/servers.ts';
import { type PemFolder, pemFolder } from './helpers/tls.ts';
import {
  batchOf,
  isPending,
  never,
  serverAt,
  testTools,
  textsOf,
  until,
  withSink,
} from './helpers/tools.ts';

describe('a TLS server', () => {
  const authority = createAuthority();
  const stranger = createAuthority({ name: 'a stranger' });
  const closing = endedAfterEach();
  let folder: PemFolder;
  let caFile = '';
  beforeAll(async () => {
    folder = await pemFolder();
    caFile = await folder.put('ca.pem', authority.certPem);
  });
  afterAll(() => folder.remove());
  const start = (more: Partial<TlsOptions> = {}): Promise<StreamReceiver> =>
    closing(startTlsReceiver({ authority, names: ['127.0.0.1', 'localhost'], ...more }));
  const tlsServer = (port: number, more: Partial<ServerOptions> = {}): ServerOptions =>
    serverAt(port, { protocol: 'TCPSSL', certFile: caFile, ...more });
  /** The code with which a check fails. */
  const codeOf = async (server: ServerOptions): Promise<string> => {
    const sink = TCPSSL.open(server, testTools());
    try {
      await sink.check(() => undefined, never);
      return 'well';
    } catch (error) {
      expect(error).toMatchObject({
        scope: 'server',
        hint: expect.stringMatching(/\.$/) as string,
      });
      return (error as { code: string }).code;
    } finally {
      await sink.close();
    }
  };

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that speaks %s gets every line in order',
    async (version) => {
      const receiver = await start({ minVersion: version, maxVersion: version });
      const batch = batchOf('feed', 5_000, 0, 300);
      const tools = testTools();
      await withSink(TCPSSL.open(tlsServer(receiver.port), tools), async (sink) => {
        await sink.write(batch, never);
        expect(textsAt(receiver)).toEqual(textsOf(batch));
        expect(receiver.connections).toMatchObject({ clean: 5, broken: 0 });
        expect(sink.state().level).toBe('drained');
        expect(tools.said).toEqual([]);
      });
    },
  );

  it('has confirmed nothing while it has read everything but not closed', async () => {
    const receiver = await start({ behaviour: { onHalfClose: 'never' } });
    const tools = testTools({ timing: { progressMs: 10_000 } });
    await withSink(TCPSSL.open(tlsServer(receiver.port), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 3), never);
      const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
      await until(() => receiver.received === 3);
      expect(await isPending(write, 200)).toBe(true);
      await sink.close();
      await ended;
    });
  });

  it('that resets gets the lines again', async () => {
    const receiver = await start({ behaviour: { resetAfterBytes: 100 } });
    const tools = testTools();
    await withSink(TCPSSL.open(tlsServer(receiver.port), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 100), never);
      await until(() => tools.said.length > 0);
      delete receiver.behaviour.resetAfterBytes;
      await write;
      expect(new Set(textsAt(receiver)).size).toBe(100);
    });
  });

  it('is resumed with the session of the connection before', async () => {
    const pair = authority.issue({ names: ['127.0.0.1'] });
    const reused: boolean[] = [];
    const server = createTlsServer(
      { cert: pair.certPem, key: pair.keyPem, allowHalfOpen: true },
      (socket) => {
        reused.push(socket.isSessionReused());
        socket
          .resume()
          .on('end', () => socket.end())
          .on('error', () => undefined);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await closing({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as { port: number };
    await withSink(TCPSSL.open(tlsServer(port), testTools()), async (sink) => {
      for (let index = 0; index < 3; index += 1) await sink.write(batchOf('feed', 1, index), never);
      expect(reused).toEqual([false, true, true]);
    });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that refuses to resume %s is in no trouble: it gets full handshakes from then on',
    async (version) => {
      const pair = authority.issue({ names: ['127.0.0.1', 'localhost'] });
      // Not Node's own server: that one sets a session id context, without which OpenSSL refuses.
      const secureContext = createSecureContext({
        ...{ cert: pair.certPem, key: pair.keyPem, ca: authority.certPem },
        ...{ minVersion: version, maxVersion: version },
      });
      let connections = 0;
      const server = createServer({ allowHalfOpen: true }, (transport) => {
        connections += 1;
        transport.on('error', () => undefined);
        const tls = { isServer: true, requestCert: true, rejectUnauthorized: false, secureContext };
        const socket = new TLSSocket(transport, tls);
        socket
          .resume()
          .on('end', () => socket.end())
          .on('error', () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await closing({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
      const { port } = server.address() as { port: number };
      const tools = testTools();
      await withSink(TCPSSL.open(tlsServer(port), tools), async (sink) => {
        for (let index = 0; index < 4; index += 1)
          await sink.write(batchOf('feed', 1, index), never);
        expect(tools.said).toEqual([]);
        // One for each write, and the one that was refused.
        expect(connections).toBe(5);
      });
      // A second try offers no session either that another connection has got meanwhile.
      let lookups = 0;
      const resolve = async (): Promise<readonly Address[]> => {
        lookups += 1;
        if (lookups === 5) await systemClock.sleep(500, never);
        return [{ address: '127.0.0.1', family: 4 }];
      };
      const own = await folder.putPair('own', authority.issue({ names: ['us'], client: true }));
      const more = { hostname: 'localhost', clientCertFile: own.cert, clientKeyFile: own.key };
      const machine = { ...thisMachine, resolve };
      await withSink(openTls(tlsServer(port, more), testTools(), machine), async (sink) => {
        await sink.write(batchOf('feed', 1), never);
        const check = (): Promise<void> => sink.check(() => undefined, never);
        await Promise.all([check(), check()]);
      });
    },
  );

  it('is trusted by any certificate of a file that holds several and a key besides', async () => {
    const { keyPem } = stranger.issue({ names: ['x'] });
    const certFile = await folder.put(
      'bundle.pem',
      `# ours\n${stranger.certPem}${keyPem}${authority.certPem}`,
    );
    const { port } = await start();
    expect(await codeOf(tlsServer(port, { certFile }))).toBe('well');
  });

  it('with an unknown authority is refused', async () => {
    const { port } = await start({ authority: stranger });
    expect(await codeOf(tlsServer(port))).toBe('tls_untrusted');
  });

  it("is checked against Node's own trust when there is no cert_filepath", async () => {
    const { port } = await start();
    const { certFile: _, ...server } = tlsServer(port);
    expect(await codeOf(server)).toBe('tls_untrusted');
  });

  it('with an expired certificate is refused', async () => {
    const { port } = await start({ validFromMs: Date.now() - 3e9, validToMs: Date.now() - 1e6 });
    expect(await codeOf(tlsServer(port))).toBe('tls_expired');
  });

  it('with a certificate that is not valid yet is refused', async () => {
    const { port } = await start({ validFromMs: Date.now() + 1e8, validToMs: Date.now() + 3e9 });
    expect(await codeOf(tlsServer(port))).toBe('tls_not_yet_valid');
  });

  it('with a certificate for another name or address is refused', async () => {
    const { port } = await start({ names: ['elsewhere.test', '127.0.0.9'] });
    expect(await codeOf(tlsServer(port))).toBe('tls_wrong_name');
  });

  it('is accepted by server_name when the certificate names that instead of the hostname', async () => {
    const { port } = await start({ names: ['elsewhere.test'] });
    expect(await codeOf(tlsServer(port, { serverName: 'elsewhere.test' }))).toBe('well');
  });

  it('that speaks TLS 1.1 at most is refused', async () => {
    const pair = authority.issue({ names: ['127.0.0.1'] });
    const old = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    const server = createTlsServer({ cert: pair.certPem, key: pair.keyPem, ...old });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await closing({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as { port: number };
    expect(await codeOf(tlsServer(port))).toBe('tls_too_old');
  });

  it('that speaks no TLS is named as such', async () => {
    const chatty: Receiver = await listen((socket) => socket.end('220 hello\r\n'));
    await closing(chatty);
    expect(await codeOf(tlsServer(chatty.port))).toBe('tls_not_tls');
  });

  it('that is silent, as a plain collector is, fails in time', async () => {
    const plain = await startTcpReceiver();
    await closing(plain);
    expect(await codeOf(tlsServer(plain.port))).toBe('tls_timeout');
  });

  it('is asked again with the files as they are by then', async () => {
    const receiver = await start();
    const certFile = await folder.put('late.pem', stranger.certPem);
    const tools = testTools();
    await withSink(TCPSSL.open(tlsServer(receiver.port, { certFile }), tools), async (sink) => {
      const write = sink.write(batchOf('feed', 1), never);
      await until(() => sink.state().trouble?.code === 'tls_untrusted');
      await folder.put('late.pem', authority.certPem);
      await write;
      expect(textsAt(receiver)).toEqual(['feed:0']);
    });
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that wants a client certificate over %s',
    (version) => {
      const startMutual = (): Promise<StreamReceiver> =>
        start({ requestClientCert: authority, minVersion: version, maxVersion: version });
      const pairFrom = async (issuer: typeof authority): Promise<Partial<ServerOptions>> => {
        const { cert, key } = await folder.putPair(
          'client',
          issuer.issue({ names: ['client'], client: true }),
        );
        return { clientCertFile: cert, clientKeyFile: key };
      };

      it('takes lines with the right one', async () => {
        const receiver = await startMutual();
        const server = tlsServer(receiver.port, await pairFrom(authority));
        await withSink(TCPSSL.open(server, testTools()), async (sink) => {
          await sink.write(batchOf('feed', 3), never);
          expect(textsAt(receiver)).toHaveLength(3);
        });
      });

      it('is said to refuse the wrong one, and no line counts as delivered', async () => {
        const receiver = await startMutual();
        const server = tlsServer(receiver.port, await pairFrom(stranger));
        await withSink(TCPSSL.open(server, testTools()), async (sink) => {
          const write = sink.write(batchOf('feed', 1), never);
          const ended = expect(write).rejects.toMatchObject({ code: 'sink_closed' });
          await until(() => sink.state().trouble !== undefined);
          expect(await isPending(write, 200)).toBe(true);
          expect(sink.state().trouble?.code).toBe('tls_client_certificate_refused');
          expect(sink.state().confirmedLines).toBe(0);
          await sink.close();
          await ended;
        });
      });

      it('is said to want one when there is none', async () => {
        const receiver = await startMutual();
        expect(await codeOf(tlsServer(receiver.port))).toMatch(
          /^tls_(client_certificate_refused|handshake|closed)$/,
        );
      });
    },
  );

  it('is reached with a key that is encrypted', async () => {
    const receiver = await start({ requestClientCert: authority });
    const pair = authority.issue({ names: ['client'], client: true });
    const keyPem = createPrivateKey(pair.keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'word' })
      .toString();
    const { cert, key } = await folder.putPair('locked', { certPem: pair.certPem, keyPem });
    const files = { clientCertFile: cert, clientKeyFile: key };
    const server = tlsServer(receiver.port, { ...files, clientKeyPassphrase: new Secret('word') });
    expect(await codeOf(server)).toBe('well');
    expect(await codeOf(tlsServer(receiver.port, files))).toBe('tls_key_unreadable');
  });

  it('is checked step by step, down to the days its certificate has left, and gets nothing', async () => {
    const receiver = await start();
    const steps: string[] = [];
    const sink = TCPSSL.open(tlsServer(receiver.port), testTools());
    await sink.check((step, detail) => steps.push(`${step}: ${detail}`), never);
    await sink.close();
    expect(steps.map((step) => step.split(':')[0])).toEqual([
      'resolve',
      'connect',
      'tls',
      'verify',
    ]);
    expect(steps[2]).toMatch(
      /^tls: TLSv1\.3, certificate of 127\.0\.0\.1, valid for (89|90) more days$/,
    );
    expect(receiver.received).toBe(0);
  });
});
