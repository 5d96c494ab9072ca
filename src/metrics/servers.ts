import type { ServerPart } from '../status/parts.ts';
import type { Metric, Sample } from './metric.ts';

/** Servers, by the id and protocol of the config, and how long certificates last. */
export const serverMetrics: readonly Metric[] = [
  ofServers(
    'sink_up',
    'gauge',
    '1 while the server takes what is sent; 0 while it is in trouble.',
    ({ state }) => (state.trouble === undefined ? 1 : 0),
  ),
  ofServers(
    'sink_lines_confirmed_total',
    'counter',
    'Lines that the server has confirmed, as far as its protocol can.',
    ({ state }) => state.confirmedLines,
  ),
  ofServers(
    'sink_reconnects_total',
    'counter',
    'Times that a delivery failed and the server was tried again.',
    ({ state }) => state.reconnects,
  ),
  ofServers(
    'heartbeats_sent_total',
    'counter',
    'Heartbeats that went to the server.',
    ({ heartbeat }) => heartbeat?.sent,
  ),
  ofServers(
    'heartbeats_dropped_total',
    'counter',
    'Heartbeats that could not go within their interval.',
    ({ heartbeat }) => heartbeat?.dropped,
  ),
  {
    name: 'certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When a certificate ends, by whose it is (`duo`, `server`, `client`: shown to the server), as far as it was seen.',
    labels: ['of', 'server'],
    merge: 'least',
    samples: ({ parts: { duo, servers } }) => [
      ...end('duo', '', duo?.certificate?.endsMs),
      ...servers.flatMap(({ id, state, clientCertificateEndsMs }) => [
        ...end('server', id, state.certificateEndsMs),
        ...end('client', id, clientCertificateEndsMs),
      ]),
    ],
  },
];

function end(of: string, server: string, endsMs: number | undefined): readonly Sample[] {
  return endsMs === undefined ? [] : [{ labels: { of, server }, value: endsMs / 1000 }];
}

function ofServers(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  read: (part: ServerPart) => number | undefined,
): Metric {
  return {
    ...{ name, type, help },
    labels: ['server', 'protocol'],
    merge: type === 'gauge' ? 'least' : 'sum',
    samples: ({ parts }) =>
      parts.servers.flatMap((part) => {
        const value = read(part);
        const { id: server, protocol } = part;
        return value === undefined ? [] : [{ labels: { server, protocol }, value }];
      }),
  };
}
