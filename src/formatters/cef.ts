import type { EventClass, EventProfile, JsonObject } from '../core/types.ts';
import { dlsPairs } from './cef-dls.ts';
import { cefHeader, cefToken } from './cef-escape.ts';
import { improvedPairs } from './cef-improved.ts';
import { cefPrefix } from './cef-prefix.ts';
import type { FormatOptions, FormatterType } from './formatter.ts';

const encoder = new TextEncoder();

/** Longest header fields in code points (CEF standard, header). */
const limits = { vendor: 63, version: 31, id: 1023, name: 512 } as const;
const dlsSeverity = 5;

/** DLS's keys and slots, or all that is known of the event; after DLS's date and host. */
export const cef: FormatterType = {
  summary:
    "ArcSight's Common Event Format with DLS's keys or all that is known, after date and host",
  create: (options) => ({
    format: ({ body }, origin, profile) => {
      const dls = options.cefProfile === 'improved' ? undefined : profile.dls;
      const pairs = dls === undefined ? improvedPairs(profile, body, origin) : dlsPairs(dls, body);
      const start = cefPrefix(origin.sentAtMs, origin.sender, options.cefTime);
      const event =
        dls === undefined
          ? classOf(profile, body, options)
          : {
              id: cefToken(dls.kind(body), limits.id),
              name: dls.title(body),
              severity: dlsSeverity,
            };
      return encoder.encode(start + header(event, options) + pairs.join(' '));
    },
  }),
};

function classOf(
  profile: EventProfile,
  body: JsonObject,
  { cefSeverityOverrides: overrides }: FormatOptions,
): EventClass {
  const { id: raw, name, severity } = profile.classify(body);
  const id = cefToken(raw, limits.id);
  const own = Object.hasOwn(overrides, id) ? overrides[id] : undefined;
  return { id, name, severity: own ?? severity };
}

function header({ id, name, severity }: EventClass, options: FormatOptions): string {
  const fields = [
    // rsyslog and Splunk's connector know no other version than 0.
    'CEF:0',
    cefHeader(options.cefVendor, limits.vendor),
    cefHeader(options.cefProduct, limits.vendor),
    cefHeader(options.version, limits.version),
    id,
    cefHeader(name, limits.name),
    String(severity),
  ];
  return `${fields.join('|')}|${options.cefLeadingSpace ? ' ' : ''}`;
}
