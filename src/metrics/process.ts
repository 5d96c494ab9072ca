import type { Metric } from './metric.ts';

const plain = { labels: [], merge: 'sum' } as const;

/** This process, by the names that all of Prometheus' clients use. */
export const processMetrics: readonly Metric[] = [
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Time on the processor, user and system.',
    ...plain,
    samples: () => {
      const { user, system } = process.cpuUsage();
      return [{ labels: {}, value: (user + system) / 1e6 }];
    },
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory that this process holds.',
    ...plain,
    samples: () => [{ labels: {}, value: process.memoryUsage.rss() }],
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the program started.',
    ...plain,
    samples: ({ parts }) => [{ labels: {}, value: parts.startedMs / 1000 }],
  },
];
