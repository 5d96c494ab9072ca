import type { Account, ApiAnswer, Params } from '../core/types.ts';

export interface ApiRequest {
  readonly account: Account;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** `account_id` of a child is added by the client. */
  readonly params: Params;
}

/** How long the certificate of a host of Duo's is valid. */
export interface CertificateEnd {
  readonly host: string;
  readonly endsMs: number;
}

/** Duo's API. Knows no kind of log. */
export interface DuoApi {
  /** One try, signed anew. Throws a ForwarderError that says what to do; docs in duo/failures.ts. */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>;
  /** Duo's time: ours plus the offset of its last Date header. */
  nowMs(): number;
  /** Of the hosts that were called lately, the one whose certificate ends first; undefined before the first handshake. */
  certificateEnd?(): CertificateEnd | undefined;
  close(): Promise<void>;
}

/** Lets calls of one account × endpoint go at the pace that Duo grants. */
export interface RateLimiter {
  /** Waits for leave to make one call. Rejects with the signal's reason when aborted. */
  acquire(signal: AbortSignal): Promise<void>;
  /** The same for who can wait: after all others, and never the last call that may go at once. */
  acquireBehind(signal: AbortSignal): Promise<void>;
  /** Duo answered 429. */
  rejected(retryAfterMs?: number): void;
  /** Duo answered otherwise. */
  granted(): void;
  /** For so long no call goes, because Duo refused. */
  blockedMs(): number;
}
