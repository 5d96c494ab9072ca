import type { EventProfile, LogEvent, Origin } from '../core/types.ts';

export interface FormatOptions {
  readonly jsonStyle: 'python' | 'compact';
  readonly jsonAdd: 'dls' | 'labels';
  readonly cefTime: 'utc' | 'local';
  /** A space after the CEF header's last pipe, for liblognorm up to 2.0.6. */
  readonly cefLeadingSpace: boolean;
  /** `compat`: DLS's keys, for endpoints that DLS's CEF knows. */
  readonly cefProfile: 'compat' | 'improved';
  readonly cefVendor: string;
  readonly cefProduct: string;
  /** Severities 0 to 10 by signature id, instead of the improved profile's own. */
  readonly cefSeverityOverrides: Readonly<Record<string, number>>;
  /** This program's version; CEF prints it. */
  readonly version: string;
}

/** One event → one line. Pure: the same event and origin give the same bytes. */
export interface Formatter {
  /** The line without its newline; never contains one. Throws only for an event that no line can be made of. */
  format(event: LogEvent, origin: Origin, profile: EventProfile): Uint8Array;
}

export interface FormatterType {
  readonly summary: string;
  create(options: FormatOptions): Formatter;
}
