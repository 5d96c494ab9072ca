import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  createSecureContext,
  type TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import { ForwarderError, systemCode } from '../core/errors.ts';
import type { Connection, Dialer, Report } from './connection.ts';
import { dial, type Dialled } from './dial.ts';
import {
  clientCertificateRefused,
  handshakeClosed,
  handshakeTimeout,
  serverError,
} from './errors.ts';
import { GroupCommitSink } from './group-commit.ts';
import { type Machine, thisMachine } from './machine.ts';
import { PeerCertificate } from './peer-certificate.ts';
import type { ServerOptions, Sink, SinkTools, SinkType } from './sink.ts';
import { type Material, readMaterial } from './tls-files.ts';
import { onAbort, within } from './waiting.ts';

export const TCPSSL: SinkType = {
  summary:
    'Lines over TLS to a verified server; a group counts when the server has read it and closed.',
  confirms: 'drained',
  open: (server, tools) => openTls(server, tools),
};

/** Lines over TLS 1.2 or later. */
export function openTls(server: ServerOptions, tools: SinkTools, machine = thisMachine): Sink {
  return new GroupCommitSink(server, tools, machine, new TlsDialer(server, tools, machine));
}

/** What one connection shows; a session is offered only when it is named here. */
interface Offer extends Material {
  readonly session?: Buffer;
}

class TlsDialer implements Dialer {
  readonly #server: ServerOptions;
  readonly #tools: SinkTools;
  readonly #machine: Machine;
  readonly #certificate = new PeerCertificate();
  #isProven = false;
  #session: Buffer | undefined;
  /** False once a resumption has failed where a full handshake went well. */
  #resumes = true;
  /** What the session was made with: a changed file must not be outlived by a session. */
  #materialHash = '';

  constructor(server: ServerOptions, tools: SinkTools, machine: Machine) {
    this.#server = server;
    this.#tools = tools;
    this.#machine = machine;
  }

  get certificateEndsMs(): number | undefined {
    return this.#certificate.endsMs;
  }

  get hidesRenewal(): boolean {
    const { clock } = this.#tools;
    return this.#certificate.isToBeSeenAgain(clock.nowMs(), clock.monotonicMs());
  }

  proven(): void {
    this.#isProven = true;
  }

  async connect(signal: AbortSignal, report?: Report): Promise<Connection> {
    const material = await readMaterial(this.#server, this.#machine);
    const transport = await this.#dial(signal, report);
    this.#dropOutlived(material);
    const session = this.#session;
    if (session === undefined) return this.#secure(transport, material, signal, report);
    try {
      return await this.#secure(transport, { ...material, session }, signal, report);
    } catch (error) {
      // An alert comes from a living process; a connection that breaks is a failure, for which lines are replayed.
      if (signal.aborted || !isTlsAlert(error)) throw error;
    }
    // OpenSSL servers that ask for a client certificate and set no session id context refuse every
    // resumption with "internal error" (measured with rsyslog's ossl driver): no failure of the server.
    const connection = await this.#secure(
      await this.#dial(signal, report),
      material,
      signal,
      report,
    );
    this.#resumes = false;
    return connection;
  }

  #dial(signal: AbortSignal, report?: Report): Promise<Dialled> {
    return dial(this.#server, this.#tools, this.#machine, signal, report);
  }

  #dropOutlived(material: Material): void {
    const hash = createHash('sha256').update(JSON.stringify(material)).digest('base64');
    if (hash !== this.#materialHash || !this.#resumes || this.hidesRenewal)
      this.#session = undefined;
    this.#materialHash = hash;
  }

  async #secure(
    { socket: transport, roundTripMs }: Dialled,
    material: Offer,
    signal: AbortSignal,
    report?: Report,
  ): Promise<Connection> {
    const { clock, timing } = this.#tools;
    try {
      const late = (): Error => handshakeTimeout(this.#server);
      const socket = await within(timing.connectMs, late, clock, signal, (limit) =>
        this.#handshake(transport, material, limit),
      );
      this.#certificate.shown(socket, clock.monotonicMs());
      report?.('tls', describe(socket, clock.nowMs()));
      await this.#settle(socket, roundTripMs, material.cert !== undefined, signal);
      report?.('verify', 'certificate and name are right, the server keeps the connection');
      return { socket, transport, roundTripMs };
    } catch (error) {
      this.#session = undefined;
      transport.destroy();
      throw signal.aborted ? signal.reason : serverError(error, this.#server);
    }
  }

  #handshake(transport: Socket, material: Offer, signal: AbortSignal): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#options(transport, material));
      const quiet = onAbort(signal, () => {
        socket.destroy();
        reject(signal.reason as Error);
      });
      const ended = (): void => reject(this.#closedInHandshake(transport, material));
      // Stays: an error after the promise is settled must not become an uncaught one.
      socket.on('error', (error: Error) => {
        quiet();
        if (systemCode(error) === 'ECONNRESET') ended();
        else reject(error);
      });
      socket.once('end', ended).once('close', ended);
      socket.on('session', (session) => (this.#session = session));
      socket.once('secureConnect', () => {
        quiet();
        resolve(socket);
      });
    });
  }

  // TLS 1.2 servers refuse a client certificate inside the handshake, some without an alert (measured).
  #closedInHandshake(transport: Socket, material: Material): Error {
    const spokeTls = transport.bytesRead > 0;
    return spokeTls && material.cert !== undefined
      ? clientCertificateRefused(this.#server)
      : handshakeClosed(this.#server);
  }

  #options(socket: Socket, material: Offer): ConnectionOptions {
    const { hostname, serverName } = this.#server;
    const name = serverName ?? hostname;
    const passphrase = this.#server.clientKeyPassphrase?.reveal();
    const { ca, cert, key, session } = material;
    return {
      socket,
      secureContext: createSecureContext({
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca: [...ca] }),
        ...(cert === undefined ? {} : { cert, key }),
        ...(passphrase === undefined ? {} : { passphrase }),
      }),
      rejectUnauthorized: true,
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      // RFC 6066 section 3: SNI carries names, never addresses.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(session === undefined ? {} : { session }),
    };
  }

  // TLS 1.3 (RFC 8446 section 4.6.2, appendix E.1.2): the client is done before the server has looked at
  // the client's certificate; measured: a refusal comes as an error or as a clean end, right after.
  async #settle(
    socket: TLSSocket,
    roundTripMs: number,
    hasClientCertificate: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (socket.getProtocol() !== 'TLSv1.3' || (this.#isProven && !hasClientCertificate)) return;
    const { clock, timing } = this.#tools;
    let refusal: Error | undefined;
    const over = new AbortController();
    const refuse = (cause?: unknown): void => {
      refusal ??= clientCertificateRefused(this.#server, cause);
      over.abort();
    };
    const ended = (): void => refuse();
    socket.on('error', refuse).on('end', ended).on('close', ended);
    const quiet = onAbort(signal, () => over.abort());
    // Without reading, an end is not seen.
    socket.resume();
    await clock.sleep(Math.max(timing.settleMs, 4 * roundTripMs), over.signal);
    quiet();
    socket.off('error', refuse).off('end', ended).off('close', ended);
    if (refusal !== undefined) throw refusal;
    signal.throwIfAborted();
  }
}

function isTlsAlert(error: unknown): boolean {
  return error instanceof ForwarderError && /^ERR_SSL_.*ALERT/.test(systemCode(error.cause) ?? '');
}

function describe(socket: TLSSocket, nowMs: number): string {
  const certificate = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(certificate.valid_to) - nowMs) / 86_400_000);
  const subject = [certificate.subject?.CN].flat()[0] ?? certificate.subjectaltname ?? 'no name';
  return `${socket.getProtocol() ?? 'TLS'}, certificate of ${subject}, valid for ${days} more days`;
}
