import { latencyBounds } from '../core/latency.ts';
import type { DuoPart, EndpointCallsPart } from '../status/parts.ts';
import type { Metric, Sample } from './metric.ts';

/** The calls to Duo. */
export const duoMetrics: readonly Metric[] = [
  {
    name: 'duo_requests_total',
    type: 'counter',
    help: 'Calls to Duo, by what was asked for and how they ended: `ok`, a code of docs/operations.md, or `aborted`.',
    labels: ['endpoint', 'code'],
    merge: 'sum',
    samples: ({ parts: { duo } }) =>
      calls(duo).flatMap(([endpoint, { codes }]) =>
        [...codes].map(([code, value]) => ({ labels: { endpoint, code }, value })),
      ),
  },
  {
    name: 'duo_request_seconds',
    type: 'histogram',
    help: 'How long calls to Duo took, until the last byte of the answer.',
    labels: ['endpoint'],
    merge: 'sum',
    bounds: latencyBounds,
    samples: ({ parts: { duo } }) =>
      calls(duo).map(([endpoint, { latency }]) => ({
        labels: { endpoint },
        value: latency.seconds,
        buckets: latency.buckets,
      })),
  },
  {
    name: 'rate_limited_total',
    type: 'counter',
    help: 'Answers of Duo that told to wait (429).',
    labels: [],
    merge: 'sum',
    samples: ({ parts }) => one(parts.duo?.limited),
  },
  {
    name: 'duo_clock_offset_seconds',
    type: 'gauge',
    help: 'How far the clock of this machine is behind that of Duo; ahead is negative.',
    labels: [],
    merge: 'greatest',
    samples: ({ parts: { duo } }) => one(duo && duo.behindMs / 1000),
  },
];

function calls(duo: DuoPart | undefined): [string, EndpointCallsPart][] {
  return [...(duo?.byEndpoint ?? [])];
}

function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}
