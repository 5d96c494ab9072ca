import { z } from 'zod';

const text = z.string().min(1);

/** Days back, as far as Duo keeps events. */
export const days = z.number().min(0).max(180);
export const aboutOffset = 'Days back from which a feed without a checkpoint begins.';

/** `dls_settings.api`: the calls to Duo. */
export const api = z.strictObject({
  offset: days.default(180).describe(aboutOffset),
  timeout: z
    .number()
    .default(120)
    .describe('Seconds between two polls once all is read. Less than 120 becomes 120.'),
  settle_seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(120)
    .describe('How old an event must be before it is read. Duo shows events about 2 minutes late.'),
  lookback_minutes: z
    .number()
    .min(0)
    .max(1440)
    .default(40)
    .describe(
      'How far back is read again for events that Duo shows late; repeats are removed. For trustmonitor at least a day.',
    ),
  reread_minutes: z
    .number()
    .min(1)
    .max(1440)
    .default(10)
    .describe(
      'How often the look-back is read again. More than half of `lookback_minutes` counts as half of it.',
    ),
  requests_per_minute: z
    .union([z.literal('auto'), z.number().gt(0).max(6000)])
    .default('auto')
    .describe(
      'Most requests a minute for one account and endpoint. `auto` adapts to what Duo allows.',
    ),
  signature: z
    .enum(['v5', 'v2'])
    .default('v5')
    .describe(
      'How requests are signed. `v2` is the older way, for proxies or services that need it.',
    ),
  ca_filepath: text
    .optional()
    .describe(
      "A PEM file with certificates to trust for Duo, besides Node's own and NODE_EXTRA_CA_CERTS. Needed behind a proxy that opens TLS.",
    ),
});
