import { isIP } from 'node:net';

/** Whether an IP address is one that only this machine itself can reach: 127.0.0.0/8 and ::1 (RFC 6890). */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** A peer's address as a socket for both versions of IP shows it: IPv4 inside IPv6 (RFC 4291 §2.5.5.2). */
export function isLoopbackPeer(address: string): boolean {
  return isLoopback(address.replace(/^::ffff:/i, ''));
}
