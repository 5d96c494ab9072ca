import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { systemCode } from '../core/errors.ts';

/**
 * Whether the peer has reset a connection of which Node just told the end. libuv tells a reset as a clean
 * end when it comes right behind bytes of the peer, a TLS session ticket for one (uv__stream_io, unix/stream.c;
 * measured, Node 20). The kernel knows better: at a true end a read finds nothing, after a reset it fails.
 * False where sockets are no file descriptors (Windows), which have no such short cut.
 */
export function wasReset(transport: Socket): boolean {
  // Node has no public way to the descriptor.
  const { fd } = (transport as { _handle?: { fd?: number } | null })._handle ?? {};
  if (fd === undefined || fd < 0) return false;
  try {
    readSync(fd, Buffer.alloc(1));
    return false;
  } catch (error) {
    return systemCode(error) === 'ECONNRESET';
  }
}

/**
 * Whether the kernel is through with a connection that we have not ended yet: by a reset, and by nothing else.
 * Whoever writes next is told of it, and TLS, whose close_notify that is, passes over it; every read finds
 * a clean end from then on (Node 20: TLSWrap::OnStreamAfterWrite; measured). False where it does not tell.
 */
export function isReset(transport: Socket): boolean {
  // Node's public remoteAddress is remembered, not asked for.
  const { _handle: handle } = transport as {
    _handle?: { getpeername?: (address: object) => number } | null;
  };
  return typeof handle?.getpeername === 'function' && handle.getpeername({}) < 0;
}
