/** What befell one server, in order. */
export type Happening =
  /** A connection ended, after so many lines; in good order, or so that nothing on it was confirmed. */
  | { readonly kind: 'connection'; readonly lines: number; readonly orderly: boolean }
  /** The server failed in a way that the program may take for a crash. */
  | { readonly kind: 'failure' }
  /** The page under way of each feed may come again: the program ended, or a datagram found nobody. */
  | { readonly kind: 'pages' };

/** A replay may be sent in pieces, which are groups too. */
const recentGroups = 8;

/**
 * The most lines that may come again: all on connections that were not confirmed, the last two groups for
 * each failure, a page of each feed (`pageLines` in all) for each end of the program.
 */
export function allowedRepeats(happenings: readonly Happening[], pageLines: number): number {
  let allowed = 0;
  let recent: number[] = [];
  const lastTwo = (): number => {
    const [first = 0, second = 0] = [...recent].sort((a, b) => b - a);
    return first + second;
  };
  for (const one of happenings) {
    if (one.kind === 'pages') allowed += pageLines;
    else if (one.kind === 'failure') allowed += lastTwo();
    else if (!one.orderly) allowed += one.lines + lastTwo();
    else recent = [...recent, one.lines].slice(-recentGroups);
  }
  return allowed;
}
