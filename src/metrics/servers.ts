import type { ServerPart } from '../status/parts.ts';
import type { Metric } from './metric.ts';

/** Servers, by the id and protocol of the config. */
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
];

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
