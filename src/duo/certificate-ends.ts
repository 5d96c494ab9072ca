import type { CertificateEnd } from './api.ts';

/** What a TLS socket tells after its handshake. */
export interface Handshake {
  isSessionReused(): boolean;
  getPeerCertificate(): { readonly valid_to: string };
}

/** A host that nobody has called for so long is a child's that is gone. */
const forgottenMs = 86_400_000;

/** How long the certificates of Duo's hosts are valid, as their last full handshakes showed. */
export class CertificateEnds {
  readonly #hosts = new Map<string, { endsMs: number; seenMs: number }>();

  /** After a handshake with this host. A resumed session shows no certificate, or that of its beginning. */
  shown(host: string, socket: Handshake, monotonicMs: number): void {
    const known = this.#hosts.get(host);
    const endsMs = socket.isSessionReused()
      ? known?.endsMs
      : Date.parse(socket.getPeerCertificate().valid_to);
    if (endsMs === undefined || Number.isNaN(endsMs)) return;
    this.#hosts.set(host, { endsMs, seenMs: monotonicMs });
    for (const [other, { seenMs }] of this.#hosts) {
      if (monotonicMs - seenMs > forgottenMs) this.#hosts.delete(other);
    }
  }

  get earliest(): CertificateEnd | undefined {
    let earliest: CertificateEnd | undefined;
    for (const [host, { endsMs }] of this.#hosts) {
      if (earliest === undefined || endsMs < earliest.endsMs) earliest = { host, endsMs };
    }
    return earliest;
  }
}
