import { type DebianProgram, debianProgram } from '../../scripts/debian.mjs';
import { type Collector, startCollector } from './collector.ts';

/** A real program between here and a collector: it stores nothing. */
export type Middlebox = Omit<Collector, 'lines'>;

export const debianHaproxy = (): DebianProgram => debianProgram(['haproxy'], 'usr/sbin/haproxy');

/** haproxy in TCP mode before one collector; `checks`: it looks every 100 ms whether the collector is up. */
export function startHaproxy(backendPort: number, { checks = false } = {}): Promise<Middlebox> {
  const check = checks ? ' check inter 100ms fall 1 rise 1' : '';
  return startCollector({
    debian: debianHaproxy(),
    protocol: 'tcp',
    config: ({ port }) => `defaults
  mode tcp
  timeout connect 1s
  timeout client 1m
  timeout server 1m
listen siem
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${backendPort}${check}
`,
    args: ({ config }) => ['-db', '-f', config],
  });
}
