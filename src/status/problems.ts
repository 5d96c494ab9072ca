import { addressOf } from './address.ts';
import { certificateProblems } from './certificates.ts';
import type { FeedPart, Kept, OtherPart, Parts, Side } from './parts.ts';
import { silenceProblems } from './silence.ts';

export const problemKinds = [
  'server',
  'duo',
  'feed',
  'paused',
  'gaps',
  'dead_letters',
  'silence',
  'certificate',
  'other',
] as const;
export type ProblemKind = (typeof problemKinds)[number];

/** One thing that is wrong, however many feeds it concerns. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Who has it, in words: `server siem (tcp://siem.example.org:514)`, `auth of 3 accounts`. */
  readonly what: string;
  readonly sinceMs: number | undefined;
  readonly side: Side;
  readonly code: string;
  readonly message: string;
  readonly nextTryMs: number | undefined;
  /** What a person can do about it. */
  readonly remedy: string | undefined;
  /** How many feeds are held up by it. */
  readonly feeds: number;
  /** `warning`: nothing is wrong yet, and it does not make the state degraded. When left out: `problem`. */
  readonly severity?: 'problem' | 'warning';
}

const tolerableSkewMs = 60_000;

/** Everything that is wrong, the gravest first: what hinders most feeds, then what waits for a person. */
export function problemsOf(parts: Parts, kept: Kept): readonly Problem[] {
  const hindering = [...serverProblems(parts), ...feedProblems(parts)].sort(
    (a, b) => b.feeds - a.feeds || (a.sinceMs ?? 0) - (b.sinceMs ?? 0),
  );
  return [
    ...hindering,
    ...silenceProblems(parts.silences ?? []),
    ...parts.others.map(other),
    ...clockProblem(parts),
    ...keptProblems(kept),
    ...certificateProblems(parts),
  ];
}

/** Whether something is wrong, and not only going to be. */
export function isDegraded(problems: readonly Pick<Problem, 'severity'>[]): boolean {
  return problems.some(({ severity }) => severity !== 'warning');
}

function serverProblems({ servers, feeds }: Parts): Problem[] {
  return servers.flatMap((server): Problem[] => {
    const { trouble } = server.state;
    if (trouble === undefined) return [];
    return [
      {
        kind: 'server',
        what: `server ${server.id} (${addressOf(server)})`,
        sinceMs: trouble.sinceMs,
        side: serverSide(trouble.code),
        code: trouble.code,
        message: trouble.message,
        nextTryMs: trouble.nextTryMs,
        remedy: trouble.hint,
        feeds: feeds.filter((feed) => feed.server === server.id).length,
      },
    ];
  });
}

/** Who can mend it. */
function serverSide(code: string): Side {
  if (code.startsWith('tls_file')) return 'config';
  return code.startsWith('archive_') ? 'here' : 'server';
}

function feedProblems({ feeds }: Parts): Problem[] {
  const groups = new Map<string, FeedPart[]>();
  for (const feed of feeds) {
    const key = groupOf(feed);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [feed]);
    else group.push(feed);
  }
  return [...groups.values()].map(groupProblem);
}

/** Feeds with the same key have the same problem: one refused key is one problem, not a thousand. */
function groupOf({ server, endpoint, pausedSinceMs, status }: FeedPart): string | undefined {
  if (pausedSinceMs !== undefined) return 'paused';
  const { problem } = status;
  if (problem === undefined) return undefined;
  const where = { server, source: endpoint, feed: endpoint, event: endpoint }[problem.scope] ?? '';
  return `${problem.code} ${where}`;
}

function groupProblem(group: readonly FeedPart[]): Problem {
  const [first] = group;
  const problem = first?.status.problem;
  const sinceMs = least(group.map(({ pausedSinceMs, status }) => pausedSinceMs ?? status.sinceMs));
  const common = { what: whatOf(group), sinceMs, feeds: group.length };
  if (first?.pausedSinceMs !== undefined || problem === undefined) {
    return {
      ...common,
      kind: 'paused',
      side: 'here',
      code: 'paused',
      message:
        'Paused by hand: nothing is read; nothing is lost as long as Duo keeps it (180 days)',
      nextTryMs: undefined,
      remedy: 'Let it go on: duologsync resume. A restart resumes it too.',
    };
  }
  const { code, message, hint: remedy } = problem;
  const side = sideOf(code);
  const nextTryMs = least(group.map(({ status }) => status.nextTryMs));
  return {
    ...common,
    kind: side === 'duo' ? 'duo' : 'feed',
    side,
    code,
    message,
    nextTryMs,
    remedy,
  };
}

/** The feeds of a group in a few words. */
function whatOf(group: readonly FeedPart[]): string {
  const [first] = group;
  if (first === undefined) return '';
  if (group.length === 1) {
    const { id, account, endpoint, server } = first;
    return account.id === undefined ? id : `${account.name} / ${endpoint} > ${server}`;
  }
  const endpoints = new Set(group.map(({ endpoint }) => endpoint));
  const accounts = new Map(group.map(({ account }) => [account.id, account.name]));
  const logs = endpoints.size > 3 ? `${endpoints.size} logs` : [...endpoints].join(', ');
  const [[id, name] = [undefined, '']] = accounts;
  if (accounts.size > 1) return `${logs} of ${accounts.size} accounts`;
  return id === undefined ? logs : `${logs} of ${name}`;
}

function sideOf(code: string): Side {
  if (code.startsWith('duo_clock') || code.startsWith('proxy_')) return 'here';
  if (code.startsWith('duo_') || code.startsWith('accounts_')) return 'duo';
  if (code.startsWith('server_') || code.startsWith('tls_')) return 'server';
  if (code.startsWith('config_') || code.startsWith('ca_')) return 'config';
  return 'here';
}

function other({ hint, nextTryMs, ...rest }: OtherPart): Problem {
  return { kind: 'other', feeds: 0, nextTryMs, remedy: hint, ...rest };
}

function clockProblem({ duo }: Parts): Problem[] {
  const behindMs = duo?.behindMs ?? 0;
  if (Math.abs(behindMs) <= tolerableSkewMs) return [];
  const seconds = Math.round(Math.abs(behindMs) / 1000);
  return [
    {
      kind: 'other',
      what: 'the clock of this machine',
      sinceMs: undefined,
      side: 'here',
      code: 'duo_clock',
      message: `It is ${seconds} s ${behindMs > 0 ? 'behind' : 'ahead of'} Duo’s; calls use Duo’s time`,
      nextTryMs: undefined,
      remedy: 'Set the clock, best by a time service (NTP).',
      feeds: 0,
    },
  ];
}

function keptProblems({ gaps, deadLetters }: Kept): Problem[] {
  const base = { sinceMs: undefined, nextTryMs: undefined, feeds: 0 };
  const lost: Problem = {
    ...base,
    kind: 'gaps',
    what: `${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`,
    side: 'duo',
    code: 'gap',
    message: 'Events of some time are lost for good, and nobody has acknowledged it yet',
    remedy: 'See what is missing, and acknowledge it: duologsync gaps',
  };
  const aside: Problem = {
    ...base,
    kind: 'dead_letters',
    what: `${deadLetters} ${deadLetters === 1 ? 'event' : 'events'} set aside`,
    side: 'here',
    code: 'dead_letters',
    message: 'They could not be delivered and are kept in a file',
    remedy: 'See why: duologsync dead-letter list. Send them again: duologsync dead-letter resend',
  };
  return [...(gaps > 0 ? [lost] : []), ...(deadLetters > 0 ? [aside] : [])];
}

function least(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce(
    (a, b) => (a === undefined ? b : b === undefined ? a : Math.min(a, b)),
    undefined,
  );
}
