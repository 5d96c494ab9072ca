const nearMs = 30 * 86_400_000;
const lookAgainMs = 3_600_000;

/** What a TLS socket tells after its handshake. */
export interface Handshake {
  isSessionReused(): boolean;
  getPeerCertificate(): { readonly valid_to: string };
}

/** How long the certificate is valid that a server showed last. */
export class PeerCertificate {
  #endsMs: number | undefined;
  #seenMs = Number.NEGATIVE_INFINITY;

  get endsMs(): number | undefined {
    return this.#endsMs;
  }

  /** After a handshake. A resumed session shows no certificate, or that of its beginning: the last one stays. */
  shown(socket: Handshake, monotonicMs: number): void {
    if (socket.isSessionReused()) return;
    const endsMs = Date.parse(socket.getPeerCertificate().valid_to);
    if (Number.isNaN(endsMs)) return;
    this.#endsMs = endsMs;
    this.#seenMs = monotonicMs;
  }

  /**
   * Whether a session must not be resumed now: it would hide that a certificate that ends soon has been renewed. One
   * that has ended is left alone, because what still works is not to be broken by looking.
   */
  isToBeSeenAgain(nowMs: number, monotonicMs: number): boolean {
    if (this.#endsMs === undefined) return false;
    const leftMs = this.#endsMs - nowMs;
    return leftMs > 0 && leftMs <= nearMs && monotonicMs - this.#seenMs >= lookAgainMs;
  }
}
