import { duoMetrics } from './duo.ts';
import { feedMetrics } from './feeds.ts';
import type { Metric } from './metric.ts';
import { processMetrics } from './process.ts';
import { programMetrics } from './program.ts';
import { serverMetrics } from './servers.ts';

/** Every metric there is, in the order in which they are served and documented. */
export const metrics: readonly Metric[] = [
  ...programMetrics,
  ...feedMetrics,
  ...serverMetrics,
  ...duoMetrics,
  ...processMetrics,
];
