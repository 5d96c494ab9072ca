import { problemKinds } from '../status/problems.ts';
import type { Metric, Sample } from './metric.ts';

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

/** The program as a whole. */
export const programMetrics: readonly Metric[] = [
  {
    name: 'build_info',
    type: 'gauge',
    help: 'Always 1; its labels are the versions of duologsync and of Node.',
    labels: ['version', 'node'],
    merge: 'greatest',
    samples: ({ parts }) => [
      { labels: { version: parts.version, node: process.versions.node }, value: 1 },
    ],
  },
  {
    name: 'healthy',
    type: 'gauge',
    help: '1 while there is no problem, as `duologsync status` says; else 0.',
    labels: [],
    merge: 'least',
    samples: ({ snapshot }) => one(snapshot.state === 'healthy' ? 1 : 0),
  },
  {
    name: 'problems',
    type: 'gauge',
    help: 'Problems that `duologsync status` names, by kind.',
    labels: ['kind'],
    merge: 'sum',
    samples: ({ snapshot: { problems } }) =>
      problemKinds.map((kind) => ({
        labels: { kind },
        value: problems.filter((problem) => problem.kind === kind).length,
      })),
  },
  {
    name: 'feeds',
    type: 'gauge',
    help: 'Feeds: one for each account, endpoint and server.',
    labels: [],
    merge: 'sum',
    samples: ({ snapshot }) => one(snapshot.totals.feeds),
  },
  {
    name: 'gaps_unacknowledged',
    type: 'gauge',
    help: 'Stretches of time whose events are lost for good, not acknowledged yet (`duologsync gaps`).',
    labels: [],
    merge: 'sum',
    samples: ({ kept }) => one(kept.gaps),
  },
  {
    name: 'dead_letters',
    type: 'gauge',
    help: 'Events that could not be delivered and lie in the file of dead letters (`duologsync dead-letter list`).',
    labels: [],
    merge: 'sum',
    samples: ({ kept }) => one(kept.deadLetters),
  },
  {
    name: 'backfill_running',
    type: 'gauge',
    help: '1 while a backfill runs, a dry run too.',
    labels: [],
    merge: 'greatest',
    samples: ({ snapshot: { backfill } }) => one(backfill === null ? 0 : 1),
  },
  {
    name: 'backfill_done_ratio',
    type: 'gauge',
    help: 'How much of the running backfill is done, 0 to 1; only while one runs.',
    labels: [],
    merge: 'least',
    samples: ({ snapshot: { backfill } }) => (backfill === null ? [] : one(backfill.part)),
  },
  {
    name: 'backfill_events',
    type: 'gauge',
    help: 'Events that the running backfill has delivered (a dry run: counted), its earlier runs too; only while one runs.',
    labels: [],
    merge: 'greatest',
    samples: ({ snapshot: { backfill } }) => (backfill === null ? [] : one(backfill.sent)),
  },
  {
    name: 'config_reload_failed',
    type: 'gauge',
    help: '1 while the config file is wrong, or needs a restart, and the one of before goes on.',
    labels: [],
    merge: 'greatest',
    samples: ({ parts }) => one(parts.others.some(({ side }) => side === 'config') ? 1 : 0),
  },
];
