import { JsonWriter } from '../core/json-writer.ts';
import type { DlsProfile, EventClass, EventProfile, JsonObject, Origin } from '../core/types.ts';
import { compileDls, type DlsPairs } from './cef-dls.ts';
import { cefHeader, cefToken } from './cef-escape.ts';
import { improvedPairs } from './cef-improved.ts';
import { cefPrefix } from './cef-prefix.ts';
import type { FormatOptions, FormatterType } from './formatter.ts';

const slabBytes = 262_144;

/** Longest header fields in code points (CEF standard, header). */
const limits = { vendor: 63, version: 31, id: 1023, name: 512 } as const;
const dlsSeverity = 5;

/** DLS's keys and slots, or all that is known of the event; after DLS's date and host. */
export const cef: FormatterType = {
  summary:
    "ArcSight's Common Event Format with DLS's keys or all that is known, after date and host",
  create: (options) => {
    const out = new JsonWriter(slabBytes);
    const start = startOf(options);
    const compiled = new Map<DlsProfile, DlsPairs>();
    return {
      format: ({ body }, origin, profile) => {
        const dls = options.cefProfile === 'improved' ? undefined : profile.dls;
        const event = dls === undefined ? classOf(profile, body, options) : dlsClass(dls, body);
        let pairs: string;
        if (dls === undefined) pairs = improvedPairs(profile, body, origin).join(' ');
        else {
          let dlsPairs = compiled.get(dls);
          if (dlsPairs === undefined) compiled.set(dls, (dlsPairs = compileDls(dls)));
          pairs = dlsPairs(body);
        }
        const line = start(origin) + classText(event, options) + pairs;
        out.begin(3 * line.length);
        out.text(line);
        return out.written();
      },
    };
  },
};

/** Date, host and the header's fields that are the same for every event of a batch. */
function startOf(options: FormatOptions): (origin: Origin) => string {
  const fields = [
    // rsyslog and Splunk's connector know no other version than 0.
    'CEF:0',
    cefHeader(options.cefVendor, limits.vendor),
    cefHeader(options.cefProduct, limits.vendor),
    cefHeader(options.version, limits.version),
  ].join('|');
  let last: { origin: Origin; text: string } | undefined;
  return (origin) => {
    if (last?.origin !== origin) {
      const prefix = cefPrefix(origin.sentAtMs, origin.sender, options.cefTime);
      last = { origin, text: prefix + fields };
    }
    return last.text;
  };
}

function classText({ id, name, severity }: EventClass, options: FormatOptions): string {
  const blank = options.cefLeadingSpace ? ' ' : '';
  return `|${id}|${cefHeader(name, limits.name)}|${severity}|${blank}`;
}

function dlsClass(dls: DlsProfile, body: JsonObject): EventClass {
  const id = cefToken(dls.kind(body), limits.id);
  return { id, name: dls.title(body), severity: dlsSeverity };
}

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
