import { isoTime } from '../core/iso-time.ts';
import { addressOf } from './address.ts';
import type { Parts, Side } from './parts.ts';
import type { Problem } from './problems.ts';

/** A certificate without which a connection fails. */
export interface Certificate {
  readonly what: string;
  readonly side: Side;
  readonly endsMs: number;
  readonly remedy: string;
  /** Its end has broken a connection, whose trouble says so. */
  readonly isTold: boolean;
}

const dayMs = 86_400_000;
/** So long ahead it is shown. */
const aheadMs = 30 * dayMs;
/** So long ahead it makes the state degraded. */
const urgentMs = 7 * dayMs;

/** A certificate ends soon, or has ended, and no connection's trouble says so already. */
export function isToBeTold({ endsMs, isTold }: Certificate, nowMs: number): boolean {
  return endsMs - nowMs <= aheadMs && !(isTold && endsMs <= nowMs);
}

/** All that are known, by their last handshakes and from the files. */
export function certificatesOf({ servers, duo, feeds }: Parts): readonly Certificate[] {
  const found: Certificate[] = [];
  for (const server of servers) {
    const { certificateEndsMs, trouble } = server.state;
    const name = `server ${server.id} (${addressOf(server)})`;
    if (certificateEndsMs !== undefined)
      found.push({
        what: `certificate of ${name}`,
        side: 'server',
        endsMs: certificateEndsMs,
        remedy:
          'Renew the certificate on the server; nothing is to be changed here as long as its authority is the same.',
        isTold: trouble?.code === 'tls_expired',
      });
    if (server.clientCertificateEndsMs !== undefined)
      found.push({
        what: `client certificate for ${name}`,
        side: 'config',
        endsMs: server.clientCertificateEndsMs,
        remedy:
          'Put a new certificate and its key into the files that client_cert_filepath and client_key_filepath name; the next connection uses them.',
        isTold: false,
      });
  }
  if (duo?.certificate !== undefined)
    found.push({
      what: `certificate of Duo’s API (${duo.certificate.host})`,
      side: 'duo',
      endsMs: duo.certificate.endsMs,
      remedy:
        'Duo renews it by itself. When a proxy opens TLS on the way it is the proxy’s: renew that.',
      isTold: feeds.some(({ status }) => status.problem?.code === 'duo_tls_expired'),
    });
  return found;
}

export function certificateProblems(parts: Parts): Problem[] {
  const { nowMs } = parts;
  return certificatesOf(parts)
    .filter((one) => isToBeTold(one, nowMs))
    .map((one) => ({
      kind: 'certificate',
      what: one.what,
      sinceMs: one.endsMs - aheadMs,
      side: one.side,
      ...certificateWords(one, nowMs),
      nextTryMs: undefined,
      remedy: one.remedy,
      feeds: 0,
      severity: one.endsMs - nowMs > urgentMs ? 'warning' : 'problem',
    }));
}

export function certificateWords(
  { endsMs }: Certificate,
  nowMs: number,
): { readonly code: string; readonly message: string } {
  const isOver = endsMs <= nowMs;
  const days = Math.floor(Math.abs(endsMs - nowMs) / dayMs);
  const span = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  const end = isoTime(endsMs);
  return {
    code: isOver ? 'certificate_ended' : 'certificate_ends',
    message: isOver ? `It ended on ${end}, ${span} ago` : `It ends on ${end}, in ${span}`,
  };
}
