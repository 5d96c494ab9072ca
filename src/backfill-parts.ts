/** What a backfill sees of the program, and what the program shows of it. */
import type { AppOptions } from './app.ts';
import { mainAccount } from './config/main-account.ts';
import type { BackfillFeed, BackfillHost, Backfills } from './backfill/backfills.ts';
import { wholeOf } from './backfill/progress.ts';
import { childAccounts } from './children.ts';
import { ForwarderError } from './core/errors.ts';
import type { Account } from './core/types.ts';
import type { FeedTools } from './engine/feed.ts';
import type { Setup } from './setup.ts';
import type { SnapshotBackfill } from './status/backfill-snapshot.ts';

export interface BackfillParts {
  readonly options: AppOptions;
  readonly feedTools: FeedTools;
  /** The reading of the config of now. */
  readonly setup: () => Setup;
  /** Whether the live feeds run, and the accounts that they have. */
  readonly isLive: () => boolean;
  readonly accounts: () => readonly Account[];
}

export function backfillPart({
  progress,
}: Pick<Backfills, 'progress'>): SnapshotBackfill | undefined {
  if (progress === undefined) return undefined;
  const { dry_run, since, until, elapsed_seconds, sent } = progress;
  const { etaSeconds: eta_seconds, ...whole } = wholeOf(progress);
  const problem = progress.problems[0]?.code ?? null;
  return { dry_run, since, until, elapsed_seconds, sent, problem, eta_seconds, ...whole };
}

interface Known {
  readonly setup: Setup;
  readonly accounts: readonly Account[];
  readonly feeds: ReadonlyMap<string, BackfillFeed>;
}

export function backfillHost(parts: BackfillParts): BackfillHost {
  const { options, feedTools, setup, isLive } = parts;
  const { clock, log, stateDirectory } = options;
  let accounts: readonly Account[] = [];
  let known: Known | undefined;
  const feedsNow = (): ReadonlyMap<string, BackfillFeed> => {
    const now = isLive() ? parts.accounts() : accounts;
    if (known?.setup !== setup() || known.accounts !== now)
      known = { setup: setup(), accounts: now, feeds: feedsOf(setup(), now) };
    return known.feeds;
  };
  return {
    ...{ clock, log, stateDirectory, feedTools, isLive },
    serverIds: () => setup().config.servers.map(({ id }) => id),
    nowMs: () => setup().api.nowMs(),
    feed: (id) => feedsNow().get(id),
    feeds: async () => {
      if (!isLive()) accounts = await accountsOf(options, setup());
      const feeds = [...feedsNow().values()];
      if (feeds.length === 0 && isLive()) throw notKnownYet();
      return feeds;
    },
  };
}

function feedsOf(setup: Setup, accounts: readonly Account[]): ReadonlyMap<string, BackfillFeed> {
  return new Map(
    setup.wanted(accounts).map((wish) => {
      const { account, endpoint, server } = wish.plan;
      return [wish.id, { id: wish.id, account, endpoint, server, open: () => wish.open() }];
    }),
  );
}

/** Nobody watches them: asked for once, else those that were last known. */
async function accountsOf(
  options: AppOptions,
  { config, api }: Setup,
): Promise<readonly Account[]> {
  const main = mainAccount(config);
  if (!config.account.is_msp) return [main];
  let found: readonly Account[] = [];
  let failure: ForwarderError | undefined;
  const overrides = { ...options.overrides, once: true };
  const source = childAccounts({ ...options, config, overrides }, api, main, (error) => {
    failure = error;
  });
  await source.watch((accounts) => (found = accounts), new AbortController().signal);
  if (found.length === 0 && failure !== undefined) throw failure;
  return found;
}

function notKnownYet(): ForwarderError {
  return new ForwarderError('not_ready', 'which accounts there are is not known yet', {
    remedy: 'stop',
    hint: 'Duo has not listed them since the start: see duologsync status, and try again.',
  });
}
