import type { Account } from '../core/types.ts';

/** `account.block_list` of the config: which child accounts are not read. */
export interface BlockList {
  has(account: Account): boolean;
  /** The entries that fit none of these accounts: written wrong, or out of date. */
  unused(accounts: readonly Account[]): readonly string[];
}

/** An entry is an id or a name; `*` stands for any text, `?` for one character, capitals do not count. */
export function createBlockList(entries: readonly string[]): BlockList {
  const patterns = entries.map((entry) => ({ entry, pattern: characters(entry.trim()) }));
  const fits = (pattern: readonly string[], { id, name }: Account): boolean =>
    matches(pattern, characters(id ?? '')) || matches(pattern, characters(name.trim()));
  return {
    has: (account) => patterns.some(({ pattern }) => fits(pattern, account)),
    unused: (accounts) =>
      patterns
        .filter(({ pattern }) => !accounts.some((account) => fits(pattern, account)))
        .map(({ entry }) => entry),
  };
}

function characters(text: string): readonly string[] {
  return [...text.normalize('NFC').toLowerCase()];
}

/** Goes back only to the last `*`, so that no pattern takes longer than pattern × text. */
function matches(pattern: readonly string[], text: readonly string[]): boolean {
  let [p, t] = [0, 0];
  let star: { readonly p: number; t: number } | undefined;
  while (t < text.length) {
    if (pattern[p] === '*') star = { p: (p += 1), t };
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star !== undefined) {
      star.t += 1;
      ({ p, t } = star);
    } else return false;
  }
  return pattern.slice(p).every((character) => character === '*');
}
