import { configFlag } from '../../config/config-flag.ts';
import type { Config } from '../../config/schema.ts';
import { printable } from '../table.ts';
import { type Filters, idsOf, isMeant, isNamed, storedLetters } from './stored-letters.ts';

const mostNamed = 10;

/**
 * What was named and is no letter, with what there is, in a sentence; undefined when each name has one. A feed of the
 * config may be without letters.
 */
export async function unmatched(
  state: string,
  { feed, id }: Filters,
  { account }: Pick<Config, 'account'>,
  configFile: string,
): Promise<string | undefined> {
  if (feed === undefined && id === undefined) return undefined;
  const feeds = new Set<string>();
  const ids = new Set(idsOf(id));
  let isFeed = feed === undefined || isMapped(feed, account.endpoint_server_mappings);
  for await (const letter of storedLetters(state)) {
    if (letter === undefined) continue;
    feeds.add(letter.feedId);
    isFeed ||= feed !== undefined && isMeant(letter, { feed });
    for (const one of ids) if (isNamed(letter, one)) ids.delete(one);
  }
  if (!isFeed) return noFeed(feed ?? '', [...feeds]);
  const [unknown] = ids;
  return unknown === undefined ? undefined : noLetter(unknown, configFile);
}

/** `auth`, `auth > siem`, or with an account between them. */
function isMapped(feed: string, mappings: Config['account']['endpoint_server_mappings']): boolean {
  return mappings.some(({ endpoints, server }) =>
    endpoints.some(
      (log) => feed === log || (feed.startsWith(`${log} `) && feed.endsWith(` > ${server}`)),
    ),
  );
}

export function noLetter(id: string, config: string): string {
  return `no dead letter '${printable(id)}'. The ids: duologsync dead-letter list${configFlag(config)}`;
}

function noFeed(feed: string, feeds: readonly string[]): string {
  const more = feeds.length > mostNamed ? ` and ${feeds.length - mostNamed} more` : '';
  const there =
    feeds.length === 0
      ? 'there is none at all'
      : `there are: ${feeds.slice(0, mostNamed).join(', ')}${more}`;
  return printable(`no dead letter of the feed '${feed}'; ${there}`);
}
