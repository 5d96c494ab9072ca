import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type DebianProgram, debianProgram } from '../../scripts/debian.mjs';
import { deployed, root } from '../deploy/files.ts';
import { type Collector, startCollector } from './collector.ts';
import { until } from './program.ts';

const packages = ['prometheus'];

/** promtool with these arguments, in the folder of its rules. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly code: number | null; readonly said: string } {
  const { program, env } = debianProgram(packages, 'usr/bin/promtool');
  const cwd = join(root, 'deploy', 'prometheus');
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    input,
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

export interface FiringAlert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Prometheus extends Omit<Collector, 'lines'> {
  alerts(): Promise<readonly FiringAlert[]>;
  /** The values of an expression, by the labels of each series. */
  query(
    expr: string,
  ): Promise<
    readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
  >;
  /** What it says of the program that it scrapes: '' while all is well. */
  lastError(): Promise<string | undefined>;
}

export interface WatchOptions {
  /** `host:port` of the program. */
  readonly target: string;
  readonly token: string;
  /** How many times as fast as in deploy/prometheus/alerts.yml time goes. */
  readonly factor: number;
}

export const debianPrometheus = (): DebianProgram => debianProgram(packages, 'usr/bin/prometheus');

/** A real Prometheus with the scrape section and the alerts of deploy/prometheus. */
export async function startPrometheus({
  target,
  token,
  factor,
}: WatchOptions): Promise<Prometheus> {
  const debian = debianPrometheus();
  const collector = await startCollector({
    debian,
    protocol: 'tcp',
    files: { token, 'alerts.yml': quickAlerts(deployed('prometheus/alerts.yml'), factor) },
    config: ({ folder }) => configOf(target, folder),
    args: ({ config, folder, port }) => [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
  });
  const url = `http://127.0.0.1:${collector.port}`;
  // It listens before its database is open, and answers questions with a plain 503 till then.
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`)).status === 200;
  await until('Prometheus to be ready', isReady, 60_000).catch(async (error: unknown) => {
    await collector.stop();
    throw error;
  });
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as {
      readonly data?: unknown;
      readonly error?: string;
    };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  };
  return Object.assign(collector, {
    alerts: async () => ((await ask('alerts')) as { alerts: FiringAlert[] }).alerts,
    query: async (expr: string) => {
      const path = `query?query=${encodeURIComponent(expr)}`;
      const { result } = (await ask(path)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    lastError: async () => {
      const { activeTargets } = (await ask('targets')) as {
        activeTargets: { lastError: string }[];
      };
      return activeTargets[0]?.lastError;
    },
  });
}

const scrapeEvery = '500ms';

/** The section as an admin takes it over: with a target, a token and a pace of his own. */
function configOf(target: string, folder: string): string {
  const { scrape_configs: jobs } = parse(deployed('prometheus/scrape.yml')) as {
    readonly scrape_configs: readonly Record<string, unknown>[];
  };
  return stringify({
    global: { evaluation_interval: scrapeEvery },
    rule_files: [join(folder, 'alerts.yml')],
    scrape_configs: jobs.map((job) => ({
      ...job,
      ...{ scrape_interval: scrapeEvery, scrape_timeout: scrapeEvery },
      authorization: { type: 'Bearer', credentials_file: join(folder, 'token') },
      static_configs: [{ targets: [target] }],
    })),
  });
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** Below it an alert would be a matter of a single scrape. */
const leastMs = 1_000;

interface Rule {
  readonly expr: string;
  readonly for?: string;
}

/** The same alerts in a time that is `factor` times as fast: durations, ranges, offsets, and numbers of seconds. */
export function quickAlerts(text: string, factor: number): string {
  const quick = (duration: string): string =>
    duration.replace(/\b(\d+)([smhd])\b/g, (_, count: string, unit: string) => {
      const ms = Math.round((Number(count) * (unitMs[unit] ?? 0)) / factor);
      return `${Math.max(leastMs, ms)}ms`;
    });
  const file = parse(text) as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
  };
  const groups = file.groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: quick(rule.expr).replace(/(?<![\w.])\d{3,}(?![\w.])/g, (seconds) =>
        String(Number(seconds) / factor),
      ),
      ...(rule.for === undefined ? {} : { for: quick(rule.for) }),
    })),
  }));
  // Lines as they are, so that a test can look for them.
  return stringify({ groups }, { lineWidth: 0 });
}
