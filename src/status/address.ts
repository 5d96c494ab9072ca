import type { ServerPart } from './parts.ts';

/** A server's address as one would write it: `tcp://host:port`, an archive's `file:/folder`. */
export function addressOf({ protocol, hostname, port }: ServerPart): string {
  const scheme = protocol === 'TCPSSL' ? 'tls' : protocol.toLowerCase();
  if (protocol === 'FILE') return `file:${hostname}`;
  return `${scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}
