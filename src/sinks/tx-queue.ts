import { isIPv6, type Socket } from 'node:net';
import type { Machine } from './machine.ts';

export interface Endpoints {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/**
 * Bytes that our kernel has and the peer's has not acknowledged, from /proc/self/net/tcp{,6} (Linux);
 * undefined elsewhere, and for a socket that is closed. Columns: proc(5), "tx_queue:rx_queue".
 */
export async function txQueue(socket: Socket, machine: Machine): Promise<number | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (!machine.seesTxQueue || localAddress === undefined || localPort === undefined)
    return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  const table = isIPv6(withoutZone(localAddress)) ? 'tcp6' : 'tcp';
  try {
    const ends = { localAddress, localPort, remoteAddress, remotePort };
    const row = rowOf(ends, machine.littleEndian);
    const bytes = await machine.readFile(`/proc/self/net/${table}`, row);
    return findTxQueue(bytes.toString('latin1'), ends, machine.littleEndian);
  } catch {
    return undefined;
  }
}

/** The tx_queue of one connection in the kernel's table. */
export function findTxQueue(
  table: string,
  ends: Endpoints,
  littleEndian = true,
): number | undefined {
  const row = rowOf(ends, littleEndian);
  const at = table.indexOf(row);
  if (at < 0) return undefined;
  const rest = table.slice(at + row.length, at + row.length + 37);
  const queues = /^\S+ (?<tx>[0-9A-F]+):[0-9A-F]+/.exec(rest);
  const tx = queues?.groups?.['tx'];
  return tx === undefined ? undefined : Number.parseInt(tx, 16);
}

/** How a connection's row begins, behind its number. */
function rowOf(ends: Endpoints, littleEndian: boolean): string {
  const local = `${hexAddress(ends.localAddress, littleEndian)}:${hexPort(ends.localPort)}`;
  const remote = `${hexAddress(ends.remoteAddress, littleEndian)}:${hexPort(ends.remotePort)}`;
  return ` ${local} ${remote} `;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

// The kernel prints an address as words of 32 bits in the machine's own byte order.
function hexAddress(address: string, littleEndian: boolean): string {
  const bytes = isIPv6(withoutZone(address)) ? ipv6Bytes(withoutZone(address)) : ipv4Bytes(address);
  let hex = '';
  for (let word = 0; word < bytes.length; word += 4) {
    const four = bytes.slice(word, word + 4);
    if (littleEndian) four.reverse();
    hex += four.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return hex.toUpperCase();
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address;
}

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const left = ipv6Groups(head);
  const right = tail === undefined ? [] : ipv6Groups(tail);
  return [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right];
}

function ipv6Groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
