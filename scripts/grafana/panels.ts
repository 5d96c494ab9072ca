import { type Panel, type Query, row, stat, table, timeline, timeSeries } from './kinds.ts';

/** The label filter of each query: the variables at the top of the dashboard. `.*` also matches a label that is not there. */
const all = 'job=~"$job", instance=~"$instance"';
const feeds = `${all}, account=~"$account"`;
const rate = '$__rate_interval';

const q = (expr: string, legend: string): Query => ({ expr, legend });

/** What is wrong comes first, then whether it is fresh, then where it goes and whence it comes. */
export const panels: readonly Panel[] = [
  row('Is anything wrong?'),
  stat('State', 3, [q(`min(duologsync_healthy{${all}})`, '')], {
    help: 'What `duologsync status` says, of the worst instance.',
    words: { 0: ['degraded', 'red'], 1: ['healthy', 'green'] },
  }),
  stat(
    'Not answering',
    3,
    [q('count(up{job="duologsync", instance=~"$instance"} == 0) or vector(0)', '')],
    {
      help: 'Programs from which Prometheus gets nothing.',
      redFrom: 1,
    },
  ),
  stat('Servers down', 3, [q(`count(duologsync_sink_up{${all}} == 0) or vector(0)`, '')], {
    help: 'Servers that take nothing; their events wait.',
    redFrom: 1,
  }),
  stat('Feeds held up', 3, [q(`count(duologsync_feed_up{${feeds}} == 0) or vector(0)`, '')], {
    help: 'By Duo, by their server or by a person.',
    redFrom: 1,
  }),
  stat('Oldest lag', 4, [q(`max(duologsync_feed_lag_seconds{${feeds}})`, '')], {
    help: 'How old the oldest event may be that no server has confirmed yet. Some minutes are normal.',
    unit: 's',
    redFrom: 3600,
  }),
  stat('Gaps', 4, [q(`sum(duologsync_gaps_unacknowledged{${all}})`, '')], {
    help: 'Stretches of time that are missing and that nobody has acknowledged: `duologsync gaps`.',
    redFrom: 1,
  }),
  stat('Dead letters', 4, [q(`sum(duologsync_dead_letters{${all}})`, '')], {
    help: 'Events that could not be delivered and are kept: `duologsync dead-letter list`.',
    redFrom: 1,
  }),
  timeSeries(
    'Problems by kind',
    12,
    [q(`sum by (kind) (duologsync_problems{${all}}) > 0`, '{{kind}}')],
    {
      help: 'None is drawn when nothing is wrong. `duologsync status` names each, with what to do.',
      stacked: true,
    },
  ),
  table('Alerts', 12, [q('ALERTS{alertname=~"Duologsync.+", instance=~"$instance|"}', '')], {
    help: 'Of deploy/prometheus/alerts.yml, pending and firing. What to do: docs/monitoring.md#alerts.',
    hide: ['Time', 'Value', '__name__', 'job'],
  }),

  row('Fresh?'),
  timeSeries(
    'Lag',
    12,
    [
      q(
        `max by (endpoint, server) (duologsync_feed_lag_seconds{${feeds}})`,
        '{{endpoint}} > {{server}}',
      ),
    ],
    { help: 'Of the feed that is furthest behind.', unit: 's' },
  ),
  timeSeries(
    'Age of the newest event',
    12,
    [
      q(
        `time() - max by (endpoint) (duologsync_last_event_timestamp_seconds{${feeds}})`,
        '{{endpoint}}',
      ),
    ],
    {
      help: 'How long no log has had an event. It rises at night; when it rises by day, look.',
      unit: 's',
    },
  ),
  table(
    'Feeds furthest behind',
    12,
    [q(`topk(20, time() - duologsync_checkpoint_timestamp_seconds{${feeds}})`, '')],
    {
      help: 'How old the checkpoints of the twenty worst are.',
      unit: 's',
      hide: ['Time', '__name__', 'job', 'account_id'],
    },
  ),
  timeSeries(
    'Since the last poll that was read to its end',
    12,
    [
      q(
        `time() - max by (endpoint) (duologsync_last_success_timestamp_seconds{${feeds}})`,
        '{{endpoint}}',
      ),
      q(`max by (endpoint) (duologsync_poll_interval_seconds{${all}})`, '{{endpoint}}: interval'),
    ],
    { help: 'Against the interval of each log.', unit: 's' },
  ),

  row('Events'),
  timeSeries(
    'Sent per second, by log',
    12,
    [
      q(
        `sum by (endpoint) (rate(duologsync_events_sent_total{${feeds}}[${rate}]))`,
        '{{endpoint}}',
      ),
    ],
    {
      help: 'Confirmed by a server, as far as its protocol can.',
      unit: 'cps',
      stacked: true,
    },
  ),
  timeSeries(
    'Sent per second, by server',
    12,
    [q(`sum by (server) (rate(duologsync_events_sent_total{${feeds}}[${rate}]))`, '{{server}}')],
    {
      unit: 'cps',
      stacked: true,
    },
  ),
  timeSeries(
    'Received from Duo per second',
    12,
    [
      q(
        `sum by (endpoint) (rate(duologsync_events_received_total{${feeds}}[${rate}]))`,
        '{{endpoint}}',
      ),
      q(
        `sum by (endpoint) (rate(duologsync_events_late_total{${feeds}}[${rate}]))`,
        '{{endpoint}}: late',
      ),
    ],
    {
      help: 'New events, for each server that gets them. Late: shown by Duo after their time and found by the look-back.',
      unit: 'cps',
    },
  ),
  timeSeries('Set aside, lost, failed', 12, [
    q(
      `sum by (endpoint) (increase(duologsync_events_dropped_total{${feeds}}[1h])) > 0`,
      '{{endpoint}}: set aside in an hour',
    ),
    q(
      `sum by (endpoint) (increase(duologsync_gaps_total{${feeds}}[1h])) > 0`,
      '{{endpoint}}: gaps in an hour',
    ),
    q(
      `sum by (endpoint) (increase(duologsync_feed_failures_total{${feeds}}[1h])) > 0`,
      '{{endpoint}}: failed tries in an hour',
    ),
  ]),

  row('Servers'),
  timeline('Up', 12, [q(`min by (server) (duologsync_sink_up{${all}})`, '{{server}}')], {
    words: { 0: ['down', 'red'], 1: ['up', 'green'] },
  }),
  timeSeries(
    'Tried again',
    6,
    [
      q(
        `sum by (server) (increase(duologsync_sink_reconnects_total{${all}}[${rate}]))`,
        '{{server}}',
      ),
    ],
    { help: 'Deliveries that failed.' },
  ),
  timeSeries(
    'Lines confirmed per second',
    6,
    [
      q(
        `sum by (server) (rate(duologsync_sink_lines_confirmed_total{${all}}[${rate}]))`,
        '{{server}}',
      ),
    ],
    { unit: 'cps' },
  ),
  table(
    'Certificates',
    12,
    [q(`sort(duologsync_certificate_expiry_timestamp_seconds{${all}} - time())`, '')],
    {
      help: 'How long each lasts: of Duo, of the servers, and those that are shown to servers.',
      unit: 's',
      hide: ['Time', 'job'],
    },
  ),
  timeSeries(
    'Heartbeats in an hour',
    12,
    [
      q(
        `sum by (server) (increase(duologsync_heartbeats_sent_total{${all}}[1h]))`,
        '{{server}}: sent',
      ),
      q(
        `sum by (server) (increase(duologsync_heartbeats_dropped_total{${all}}[1h])) > 0`,
        '{{server}}: dropped',
      ),
    ],
    { help: 'Servers with `heartbeat_seconds`.' },
  ),
  timeline(
    'Silent logs',
    12,
    [q(`max by (endpoint) (duologsync_log_silent{${all}})`, '{{endpoint}}')],
    {
      help: 'Logs with `alert_after`.',
      words: { 0: ['has events', 'green'], 1: ['silent', 'red'] },
    },
  ),

  row('Duo'),
  timeSeries(
    'Calls per minute, by how they end',
    12,
    [q(`60 * sum by (code) (rate(duologsync_duo_requests_total{${all}}[${rate}]))`, '{{code}}')],
    { help: '`ok`, or a code of docs/operations.md.', stacked: true },
  ),
  timeSeries(
    'Latency',
    12,
    [0.5, 0.95, 0.99].map((share) =>
      q(
        `histogram_quantile(${share}, sum by (le) (rate(duologsync_duo_request_seconds_bucket{${all}}[${rate}])))`,
        `p${share * 100}`,
      ),
    ),
    { unit: 's' },
  ),
  timeSeries(
    '429 per minute',
    12,
    [
      q(
        `60 * sum by (instance) (rate(duologsync_rate_limited_total{${all}}[${rate}]))`,
        '{{instance}}',
      ),
    ],
    { help: 'A few are normal: that is how the program finds out what Duo allows.' },
  ),
  timeSeries(
    'Clock against Duo',
    12,
    [q(`duologsync_duo_clock_offset_seconds{${all}}`, '{{instance}}')],
    { help: 'How far this machine is behind. Beyond a minute it is a problem.', unit: 's' },
  ),

  row('Process'),
  timeSeries('CPU', 6, [q(`rate(process_cpu_seconds_total{${all}}[${rate}])`, '{{instance}}')], {
    unit: 'percentunit',
  }),
  timeSeries('Memory', 6, [q(`process_resident_memory_bytes{${all}}`, '{{instance}}')], {
    unit: 'bytes',
  }),
  timeSeries('Running for', 6, [q(`time() - process_start_time_seconds{${all}}`, '{{instance}}')], {
    unit: 's',
  }),
  timeline('Config file', 6, [q(`duologsync_config_reload_failed{${all}}`, '{{instance}}')], {
    help: 'Wrong: the one of before goes on. `duologsync validate` says why.',
    words: { 0: ['right', 'green'], 1: ['wrong', 'red'] },
  }),
  table('Programs', 12, [q(`duologsync_build_info{${all}}`, '')], {
    hide: ['Time', 'Value', '__name__'],
  }),
  timeSeries('Feeds', 12, [
    q(`sum by (instance) (duologsync_feeds{${all}})`, '{{instance}}'),
    q(`sum by (instance) (duologsync_feed_paused{${feeds}})`, '{{instance}}: paused'),
  ]),
  timeline('Backfill', 12, [q(`duologsync_backfill_running{${all}}`, '{{instance}}')], {
    help: 'What `duologsync backfill` reads again, beside the live events.',
    words: { 0: ['none', 'text'], 1: ['runs', 'blue'] },
  }),
  timeSeries('Backfill done', 6, [q(`duologsync_backfill_done_ratio{${all}}`, '{{instance}}')], {
    unit: 'percentunit',
  }),
  timeSeries('Backfill events', 6, [q(`duologsync_backfill_events{${all}}`, '{{instance}}')]),
];
