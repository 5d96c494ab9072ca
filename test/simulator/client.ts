import { createHash, createHmac } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import type { DuoSimulator } from '../../src/simulator/duo-server.ts';

/** One call to the simulated Duo; what a wrong client gets wrong is a field. */
export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly version?: 'v2-sha1' | 'v2-sha512' | 'v5';
  readonly ikey?: string;
  readonly skey?: string;
  /** The host that is signed and called. */
  readonly host?: string;
  readonly signedHost?: string;
  readonly date?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What is signed in place of the right parameters. */
  readonly canonicalParams?: (params: Readonly<Record<string, string>>) => string;
  /** What is sent in place of the canonical parameters. */
  readonly query?: string;
  readonly xDuoHash?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly json: { stat?: string; code?: number; message_detail?: string; response?: unknown };
  /** What was sent, to be sent again by a client that does not sign anew. */
  readonly sent: Readonly<Record<string, string>>;
}

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function rightParams(params: Readonly<Record<string, string>>): string {
  const parts = Object.keys(params)
    .sort()
    .map((key) => `${encode(key)}=${encode(params[key] ?? '')}`);
  return parts.join('&');
}

/** Signs and sends as Duo's documentation says, except where the call says otherwise. */
export function call(duo: DuoSimulator, options: Call): Promise<Reply> {
  const { method = 'GET', path, params = {}, version = 'v5', body = '' } = options;
  const { ikey = duo.account.ikey, skey = duo.account.skey } = options;
  const host = options.host ?? duo.account.host;
  const date = options.date ?? new Date().toUTCString();
  const canonical = (options.canonicalParams ?? rightParams)(params);
  const lines = [date, method, options.signedHost ?? host.toLowerCase(), path, canonical];
  if (version === 'v5') lines.push(sha512(body), options.xDuoHash ?? sha512(''));
  const digest = version === 'v2-sha1' ? 'sha1' : 'sha512';
  const signature = createHmac(digest, skey).update(lines.join('\n')).digest('hex');
  const headers = {
    Date: date,
    Authorization: `Basic ${Buffer.from(`${ikey}:${signature}`).toString('base64')}`,
    'User-Agent': 'test',
    ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
    // Node does not say it for a GET by itself.
    ...(body === '' ? {} : { 'Content-Length': `${Buffer.byteLength(body)}` }),
    ...options.headers,
  };
  const query = options.query ?? rightParams(params);
  return send(duo, host, method, query === '' ? path : `${path}?${query}`, headers, body);
}

export function send(
  duo: DuoSimulator,
  host: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host: '127.0.0.1',
        port: duo.port,
        servername: host,
        ca: duo.certPem,
        method,
        path: target,
        agent: false,
        headers: { Host: `${host}:${duo.port}`, ...headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const status = incoming.statusCode ?? 0;
          resolve({ status, headers: incoming.headers, bytes, json: parse(bytes), sent: headers });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parse(bytes: Buffer): Reply['json'] {
  try {
    return JSON.parse(bytes.toString()) as Reply['json'];
  } catch {
    return {};
  }
}
