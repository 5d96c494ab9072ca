import { createHash } from 'node:crypto';

/** Where a page of Trust Monitor goes on. */
export interface Place {
  /** Account, window: the request without its offset. */
  readonly request: string;
  readonly account: string;
  readonly afterId: string;
  readonly afterMs: number;
}

/** Digits that mean nothing to anybody else: now more, now fewer than those of a time, in no order. */
export interface Tokens {
  issue(place: Place): string;
  /** Undefined for what was never given out. */
  find(token: string): Place | undefined;
}

export function createTokens(): Tokens {
  const places = new Map<string, Place>();
  let issued = 0;
  return {
    issue(place) {
      issued += 1;
      const hash = createHash('sha256').update(`token ${issued}`).digest();
      const digits = BigInt(`0x${hash.toString('hex')}`).toString();
      // Numbered in its last six digits, so that no two are alike.
      const token = `${digits.slice(0, 1 + ((hash[0] ?? 0) % 12))}${String(issued).padStart(6, '0')}`;
      places.set(token, place);
      return token;
    },
    find: (token) => places.get(token),
  };
}
