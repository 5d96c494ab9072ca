import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Effect } from './faults.ts';

/** An answer ready to go out, and what is to happen to it on the way. */
export interface Outgoing {
  readonly status: number;
  readonly body: string;
  readonly date: string;
  readonly oddChunks: boolean;
  readonly gzip: boolean;
  readonly effect: Effect | undefined;
}

const json = 'application/json';

/** Sends an answer, or spoils it as the effect says; returns the status that went out (0: none). */
export function send(response: ServerResponse, outgoing: Outgoing): number {
  const { effect, date } = outgoing;
  response.setHeader('Date', date);
  switch (effect?.kind) {
    case 'status':
      for (const [name, value] of Object.entries(effect.headers ?? {})) {
        response.setHeader(name, value);
      }
      return plain(response, effect.status, effect.contentType ?? 'text/html', effect.body ?? '');
    case 'fail':
      return plain(response, effect.status ?? 200, json, failBody(effect));
    case 'tooManyRequests':
      return effect.html === true
        ? plain(response, 429, 'text/html', '<html><body>429 Too Many Requests</body></html>')
        : plain(response, 429, json, failBody({ code: 42901, message: 'Too Many Requests' }));
    case 'redirect':
      response.setHeader('Location', effect.location);
      return plain(response, 302, 'text/html', '');
    case 'wrongShape':
      return plain(response, 200, json, effect.body ?? '{"stat":"OK","response":"surprise"}');
    case 'truncatedJson':
      return plain(response, 200, json, half(outgoing.body));
    case 'cutBeforeHeaders':
      response.destroy();
      return 0;
    case 'cutMidBody':
      if (outgoing.body.length <= (effect.overBytes ?? 0)) return whole(response, outgoing);
      if (effect.chunked === true) response.setHeader('Content-Type', json);
      else begin(response, outgoing.body);
      response.write(half(outgoing.body), () => response.destroy());
      return 200;
    case 'stall':
      if (effect.afterBytes === undefined) return 0;
      begin(response, outgoing.body).write(outgoing.body.slice(0, effect.afterBytes));
      return 200;
    case 'slowDrip':
      drip(begin(response, outgoing.body), Buffer.from(outgoing.body), effect.bytesPerSecond);
      return 200;
    case 'endlessBody':
      flood(response, '{"stat":"OK","response":{"authlogs":[', Buffer.alloc(65_536, ' '));
      return 200;
    case 'gzipBomb':
      // Gzip members may follow one another (RFC 1952 2.2).
      response.setHeader('Content-Encoding', 'gzip');
      flood(response, '', gzipSync(Buffer.alloc(10_485_760, ' ')), 100);
      return 200;
    case 'dateOffset':
      response.setHeader('Date', new Date(Date.parse(date) + effect.ms).toUTCString());
      return whole(response, outgoing);
    case undefined:
    case 'cursorLoop':
    case 'emptyPageWithCursor':
    case 'duplicatePage':
    case 'shortPage':
      return whole(response, outgoing);
  }
}

function whole(response: ServerResponse, outgoing: Outgoing): number {
  const text = Buffer.from(outgoing.body);
  const bytes = outgoing.gzip ? gzipSync(text) : text;
  if (outgoing.gzip) response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Type', json);
  response.statusCode = outgoing.status;
  if (!outgoing.oddChunks) {
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
    return outgoing.status;
  }
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7 + 4) % 8191) {
    response.write(bytes.subarray(at, at + size));
  }
  response.end();
  return outgoing.status;
}

function plain(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): number {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.end(body);
  return status;
}

function begin(response: ServerResponse, body: string): ServerResponse {
  response.setHeader('Content-Type', json);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  return response;
}

function half(body: string): Buffer {
  const bytes = Buffer.from(body);
  return bytes.subarray(0, bytes.length >>> 1);
}

function failBody(fail: {
  code?: number | string | null;
  message?: string;
  detail?: string;
}): string {
  const { code, message, detail } = fail;
  return JSON.stringify({ stat: 'FAIL', code, message, message_detail: detail });
}

function drip(response: ServerResponse, bytes: Buffer, bytesPerSecond: number): void {
  const size = Math.max(1, Math.floor(bytesPerSecond / 20));
  let at = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, at + size));
    at += size;
    if (at < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, 50);
  response.on('close', () => clearInterval(timer));
}

/** Writes the piece again and again, as fast as it is taken. */
function flood(response: ServerResponse, start: string, piece: Buffer, times = Infinity): void {
  let left = times;
  response.setHeader('Content-Type', json);
  if (start !== '') response.write(start);
  const more = (): void => {
    if (response.destroyed) return;
    if (left-- <= 0) return void response.end();
    if (response.write(piece)) setImmediate(more);
    else response.once('drain', more);
  };
  more();
}
