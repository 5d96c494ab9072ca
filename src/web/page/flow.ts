import { counted, grouped, rate } from '../../core/units.ts';
import type { Snapshot, SnapshotFeed, SnapshotServer } from '../../status/snapshot.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { type Sign, signOf } from './signs.ts';

/** More servers than these are told by their number. */
const mostServers = 12;

/** The way of the events: Duo, the logs that are read there, the servers that get them. */
export function flowOf(snapshot: Snapshot): Markup {
  const { feeds, servers } = snapshot;
  const logs = new Map<string, SnapshotFeed[]>();
  for (const feed of feeds) {
    const group = logs.get(feed.endpoint);
    if (group === undefined) logs.set(feed.endpoint, [feed]);
    else group.push(feed);
  }
  const shown = servers.slice(0, mostServers);
  const hidden = servers.length - shown.length;
  const more = hidden > 0 && markup`<li class="faint">and ${grouped(hidden)} more</li>`;
  return markup`<ol class="flow">
${stage('Duo', duoNode(snapshot))}
${stage(
  'Logs',
  [...logs].map(([name, group]) => logNode(name, group)),
)}
${stage('Servers', [...shown.map(serverNode), more])}
</ol>`;
}

function stage(name: string, nodes: Part): Markup {
  return markup`<li class="stage"><h3>${name}</h3> <ul>${nodes}</ul></li>`;
}

function duoNode({ duo, feeds, totals, problems }: Snapshot): Markup {
  const held = problems.reduce((sum, { side, feeds: n }) => sum + (side === 'duo' ? n : 0), 0);
  const sign = held === 0 ? 'ok' : held >= totals.feeds ? 'bad' : 'warn';
  const whose =
    totals.accounts > 1 ? counted(totals.accounts, 'account') : (feeds[0]?.account ?? 'Duo');
  const words = held === 0 ? 'answers' : `${counted(held, 'feed')} refused`;
  return node(sign, whose, words, duo === null ? '' : counted(duo.calls, 'call'));
}

function logNode(name: string, group: readonly SnapshotFeed[]): Markup {
  const held = group.filter(({ problem }) => problem !== null).length;
  const perSecond = group.reduce((sum, feed) => sum + feed.rate, 0);
  const servers = [...new Set(group.map(({ server }) => server))];
  const to = servers.length > 3 ? counted(servers.length, 'server') : servers.join(', ');
  const words = held === 0 ? 'well' : `${grouped(held)} of ${grouped(group.length)} held up`;
  const sign = held === 0 ? 'ok' : held === group.length ? 'bad' : 'warn';
  return node(sign, name, words, markup`${rate(perSecond)}/s to <bdi>${to}</bdi>`);
}

function serverNode({ id, problem, rate: perSecond, feeds }: SnapshotServer): Markup {
  const sign = problem === null ? 'ok' : 'bad';
  const more = `${rate(perSecond)}/s, ${counted(feeds, 'feed')}`;
  return node(sign, id, problem === null ? 'takes lines' : problem, more);
}

function node(sign: Sign, name: string, words: string, more: Part): Markup {
  return markup`<li class="node" data-key="${name}">${signOf(sign)}<b><bdi>${name}</bdi></b> <small>${more}</small> <span class="words ${sign}">${words}</span></li>`;
}
