import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/core/types.ts';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import type { FormatterType } from '../../src/formatters/formatter.ts';
import { formatters } from '../../src/formatters/index.ts';
import { createAuthority } from '../../src/simulator/certificates.ts';
import { startTcpReceiver, startTlsReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';
import { sinks } from '../../src/sinks/index.ts';
import type { ServerOptions, SinkType } from '../../src/sinks/sink.ts';
import { anything } from '../formatters/cef-rows.ts';
import { account, child, eventOf, options, origin } from '../formatters/events.ts';
import { archiveServer, testArchive } from '../sinks/helpers/folder.ts';
import { pemFolder } from '../sinks/helpers/tls.ts';
import { never, serverAt, testTools, until, withSink } from '../sinks/helpers/tools.ts';

const authority = createAuthority();
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What arrives at a server, as it came: pieces that a receiver of that kind takes for one event each. */
type Arrived = () => readonly Buffer[];
interface Receiver {
  readonly server: Partial<ServerOptions>;
  readonly arrived: Arrived;
}
const receivers: Readonly<Record<string, () => Promise<Receiver>>> = {
  TCP: () => stream(startTcpReceiver()),
  TCPSSL: () => stream(startTlsReceiver({ authority, names: ['127.0.0.1'] })),
  UDP: async () => {
    const receiver = await startUdpReceiver({ receiveBufferBytes: 8 * 2 ** 20 });
    closers.push(() => receiver.stop());
    return { server: { port: receiver.port }, arrived: () => receiver.datagrams() };
  },
  FILE: async () => {
    const archive = await testArchive();
    closers.push(() => archive.remove());
    const path = join(archive.directory, 'auth', '1970-01-01.log');
    const arrived: Arrived = () => (existsSync(path) ? pieces(readFileSync(path)) : []);
    return { server: archiveServer(archive.directory), arrived };
  },
};

/** Cut at LF, LF included; what follows the last one is a piece as well. */
async function stream(starting: ReturnType<typeof startTcpReceiver>) {
  const receiver = await starting;
  closers.push(() => receiver.stop());
  const arrived: Arrived = () => {
    expect(receiver.torn).toBe(0);
    return receiver.lines().map((line) => Buffer.concat([line, Buffer.from('\n')]));
  };
  return { server: { port: receiver.port }, arrived };
}

function pieces(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const at = bytes.indexOf('\n', from);
    const to = at < 0 ? bytes.length : at + 1;
    found.push(bytes.subarray(from, to));
    from = to;
  }
  return found;
}

const profiles = Object.values<Endpoint>(endpoints).map(({ profile }) => profile);
const keys = ['action', 'user', 'username', 'phone', 'object', 'ts', 'a\nb', '\u2028', 'host'];
const row = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc.dictionary(fc.constantFrom(...keys), anything).map((value) => JSON.stringify(value)),
  // As a proxy or a hand may have laid it out.
  fc
    .dictionary(fc.constantFrom(...keys), anything)
    .map((value) => JSON.stringify(value, null, '\t')),
);

describe.each(Object.entries<FormatterType>(formatters))('An event in %s', (format, type) => {
  it.each(Object.entries<SinkType>(sinks))(
    'over %s is framed by one line feed, at its end, whatever is inside it',
    async (protocol, sinkType) => {
      const start = receivers[protocol];
      if (start === undefined) throw new Error(`add a receiver for ${protocol} to this test`);
      const { server: place, arrived } = await start();
      const folder = await pemFolder();
      closers.push(() => folder.remove());
      const certFile = await folder.put('ca.pem', authority.certPem);
      const formatter = type.create(options);
      const made = fc.sample(fc.tuple(row, fc.constantFrom(...profiles), fc.boolean()), 400);
      const lines = made.map(([text, profile, isChild], index) => {
        const from = { ...origin, account: isChild ? child : account };
        const bytes = formatter.format(eventOf(text), from, profile);
        return { bytes, id: `${format}-${index}`, timeMs: index };
      });
      const batch: Batch = { feedId: 'feed', origin, lines };
      const more = { protocol, certFile, maxEventsPerSecond: 5_000, ...place };
      const server = serverAt(place.port ?? 0, more);
      await withSink(sinkType.open(server, testTools()), async (sink) => {
        await sink.write(batch, never);
        await until(() => arrived().length >= lines.length);
      });
      expect(arrived()).toHaveLength(lines.length);
      for (const [index, piece] of arrived().entries()) {
        expect(piece.indexOf('\n'), made[index]?.[0]).toBe(piece.length - 1);
        expect(piece.subarray(0, -1).equals(lines[index]?.bytes ?? Buffer.alloc(0))).toBe(true);
      }
    },
  );
});
