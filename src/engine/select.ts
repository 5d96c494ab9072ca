import { ForwarderError } from '../core/errors.ts';
import type { Selection } from '../core/requests.ts';
import type { Feed } from './feed.ts';

const mostNamed = 20;

/** The feeds that are meant. Throws `no_such_feed`, with what there is, when there are none. */
export function selectFeeds(feeds: readonly Feed[], names: Selection): readonly Feed[] {
  const found = feeds.filter((feed) => isMeant(feed, names));
  if (found.length > 0) return found;
  throw new ForwarderError('no_such_feed', `no feed is running for ${wanted(names)}`, {
    hint: hintFor(feeds, names),
  });
}

export function isMeant(feed: Feed, { endpoint, account, server }: Selection): boolean {
  return (
    (endpoint === undefined || feed.endpointName === endpoint) &&
    (account === undefined || feed.account.id === account || feed.account.name === account) &&
    (server === undefined || feed.identity.server.id === server)
  );
}

function wanted({ endpoint, account, server }: Selection): string {
  const words = [
    ...(endpoint === undefined ? [] : [`endpoint ${endpoint}`]),
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(server === undefined ? [] : [`server ${server}`]),
  ];
  return words.length === 0 ? 'this config' : words.join(', ');
}

function hintFor(feeds: readonly Feed[], { endpoint, account, server }: Selection): string {
  const known = {
    endpoints: [endpoint, feeds.map((feed) => feed.endpointName)],
    accounts: [account, feeds.map((feed) => feed.account.id ?? feed.account.name)],
    servers: [server, feeds.map((feed) => feed.identity.server.id)],
  } as const;
  const told = Object.entries(known).flatMap(([what, [asked, all]]) => {
    const names = [...new Set(all)];
    if (asked === undefined || names.includes(asked)) return [];
    const more = names.length > mostNamed ? ', …' : '';
    return [`${what}: ${names.slice(0, mostNamed).join(', ')}${more}`];
  });
  return told.length === 0
    ? 'See all feeds: duologsync status.'
    : `There are these ${told.join('; ')}.`;
}
