import { once } from 'node:events';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { ForwarderError } from '../../src/core/errors.ts';
import { failureOfTransport, type Phase } from '../../src/duo/transport-failures.ts';
import { createAuthority, type LeafRequest } from '../../src/simulator/certificates.ts';
import {
  authority,
  clientOf,
  close,
  failureOf,
  get,
  serve,
  watch,
  type Handler,
} from './duo-server.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const dayMs = 86_400_000;

/** What a client with these options makes of a server that answers so. */
async function failureFrom(
  handler: Handler,
  options: Parameters<typeof clientOf>[0] = {},
  certificate: Parameters<typeof serve>[1] = {},
): Promise<ForwarderError> {
  const server = await serve(handler, certificate);
  const duo = clientOf(options);
  cleanups.push(
    () => server.close(),
    () => duo.close(),
  );
  return failureOf(duo, get(server.account));
}

async function failureAt(
  apiHost: string,
  options: Parameters<typeof clientOf>[0] = {},
): Promise<ForwarderError> {
  const duo = clientOf(options);
  cleanups.push(() => duo.close());
  return failureOf(duo, get({ id: undefined, name: 'ours', apiHost }));
}

async function listening(server: Server): Promise<string> {
  const { open } = watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => close(server, open));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function secure(options: TlsOptions, greet: (socket: Socket) => void): Server {
  const { certPem: cert, keyPem: key } = authority.issue({ names: ['127.0.0.1'] });
  return createTls({ cert, key, ...options }, (socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  }).on('tlsClientError', () => undefined);
}

const bodies: readonly (readonly [string, string, Handler])[] = [
  ['ends the connection instead of answering', 'duo_reset', (_, response) => response.destroy()],
  [
    'cuts a body of known length',
    'duo_truncated',
    (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"stat":"OK"');
      setTimeout(() => response.destroy(), 30);
    },
  ],
  [
    'cuts a chunked body, cleanly',
    'duo_truncated',
    (request, response) => {
      response.writeHead(200).write('{"stat":"OK","response":[]}');
      setTimeout(() => request.socket.end(), 30);
    },
  ],
  [
    'sends a header of 20 kB',
    'duo_bad_http',
    (_, response) => response.writeHead(200, { 'x-long': 'a'.repeat(20_000) }).end('{}'),
  ],
  [
    'says gzip and sends something else',
    'duo_bad_encoding',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'),
  ],
  [
    'ends a gzip body early',
    'duo_bad_encoding',
    (_, response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync('{"stat":"OK"}').subarray(0, 20)),
  ],
  [
    'cuts a gzip body',
    'duo_truncated',
    (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(gzipSync('{"stat":"OK","response":[]}').subarray(0, 20));
      setTimeout(() => response.destroy(), 30);
    },
  ],
  [
    'uses an encoding that nobody asked for',
    'duo_bad_encoding',
    (_, response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end('?'),
  ],
];

describe('a server that', () => {
  it.each(bodies)('%s is told as %s', async (_, code, handler) => {
    expect(await failureFrom(handler)).toMatchObject({ code, remedy: 'retry', scope: 'source' });
  });

  it('accepts and says nothing is told as duo_timeout', async () => {
    const host = await listening(createTcp());
    expect((await failureAt(host, { deadlineMs: 200 })).code).toBe('duo_timeout');
  });

  it('closes after the handshake is told as duo_reset', async () => {
    const host = await listening(secure({}, (socket) => socket.end()));
    expect((await failureAt(host)).code).toBe('duo_reset');
  });

  it('closes in the middle of the handshake is told as duo_reset', async () => {
    const host = await listening(
      createTcp((socket) => socket.once('data', () => socket.destroy())),
    );
    expect((await failureAt(host)).code).toBe('duo_reset');
  });

  it('does not speak HTTP is told as duo_bad_http', async () => {
    const host = await listening(secure({}, (socket) => socket.write('220 mail here\r\n')));
    expect((await failureAt(host)).code).toBe('duo_bad_http');
  });

  it('does not speak TLS is told as duo_tls_protocol, in words', async () => {
    const host = await listening(
      createTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const error = await failureAt(host);
    expect(error.code).toBe('duo_tls_protocol');
    expect(error.message).toMatch(/wrong version number\)$/);
  });

  it('speaks TLS 1.1 at most is told as duo_tls_protocol', async () => {
    const weak = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    const host = await listening(secure(weak, (socket) => socket.end()));
    expect((await failureAt(host)).code).toBe('duo_tls_protocol');
  });

  it('is not there is told as duo_refused', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const error = await failureAt(gone.account.apiHost);
    expect(error).toMatchObject({ code: 'duo_refused', remedy: 'retry', scope: 'account' });
  });

  it('has no address is told as duo_dns, with the name', async () => {
    const error = await failureAt('api-nowhere.invalid');
    expect(error.code).toBe('duo_dns');
    expect(error.message).toContain('api-nowhere.invalid');
  });
});

describe('a certificate that', () => {
  const ours = (request: Partial<LeafRequest>): Parameters<typeof serve>[1] =>
    authority.issue({ names: ['localhost'], ...request });
  const cases: readonly (readonly [string, string, Parameters<typeof serve>[1]])[] = [
    [
      'has expired',
      'duo_tls_expired',
      ours({ validFromMs: Date.now() - 9 * dayMs, validToMs: Date.now() - dayMs }),
    ],
    [
      'is not valid yet',
      'duo_tls_expired',
      ours({ validFromMs: Date.now() + dayMs, validToMs: Date.now() + 9 * dayMs }),
    ],
    ['is for another name', 'duo_tls_name', ours({ names: ['other.test'] })],
    [
      'is of an unknown authority',
      'duo_tls_untrusted',
      createAuthority().issue({ names: ['localhost'] }),
    ],
  ];

  it.each(cases)('%s is told as %s and gets no request', async (_, code, certificate) => {
    const server = await serve(() => undefined, certificate);
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    const error = await failureOf(duo, get(server.account));
    expect(error).toMatchObject({ code, remedy: 'retry', scope: 'account' });
    expect(server.requests).toEqual([]);
  });

  it('is of a private authority names the setting that helps', async () => {
    const server = await serve(() => undefined);
    const duo = clientOf({ ca: createAuthority().certPem });
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await failureOf(duo, get(server.account))).hint).toContain('api.ca_filepath');
  });
});

describe('an error of the transport', () => {
  const cases: readonly (readonly [string, Phase, string])[] = [
    ['EAI_AGAIN', 'connect', 'duo_dns'],
    ['ETIMEDOUT', 'connect', 'duo_timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect', 'duo_timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'headers', 'duo_timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'body', 'duo_timeout'],
    ['EHOSTUNREACH', 'connect', 'duo_unreachable'],
    ['ENETUNREACH', 'connect', 'duo_unreachable'],
    ['EMFILE', 'connect', 'duo_unreachable'],
    ['ECONNRESET', 'connect', 'duo_reset'],
    ['ECONNRESET', 'headers', 'duo_reset'],
    ['ECONNRESET', 'body', 'duo_truncated'],
    ['EPIPE', 'headers', 'duo_reset'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'body', 'duo_truncated'],
    ['CERT_REVOKED', 'connect', 'duo_tls_untrusted'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'connect', 'duo_tls_untrusted'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'connect', 'duo_tls_untrusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect', 'duo_tls_untrusted'],
    ['EPROTO', 'connect', 'duo_tls_protocol'],
    ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', 'connect', 'duo_tls_protocol'],
    ['HPE_INVALID_HEADER_TOKEN', 'headers', 'duo_bad_http'],
    ['SOMETHING_NEW', 'body', 'duo_reset'],
  ];
  const clean = (text: string): string => text;

  it.each(cases)('%s while in phase %s is %s', (code, phase, expected) => {
    const error = Object.assign(new Error('text'), { code });
    const failure = failureOfTransport(error, phase, 'api.test', clean);
    expect(failure.code).toBe(expected);
    expect(failure.message).toMatch(new RegExp(`api\\.test failed \\(${code}: text\\)$`));
  });

  it('on every address of a host is told by the first of them', () => {
    const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    const failure = failureOfTransport(
      new AggregateError([refused, refused]),
      'connect',
      'api.test',
      clean,
    );
    expect(failure.code).toBe('duo_refused');
    expect(failure.message).toBe('Connecting to api.test failed (ECONNREFUSED)');
  });

  it('of an unknown kind keeps its message and is tried again', () => {
    const failure = failureOfTransport('odd', 'connect', 'api.test', clean);
    expect(failure).toMatchObject({ code: 'duo_unreachable', remedy: 'retry' });
    expect(failure.message).toContain('odd');
  });
});
