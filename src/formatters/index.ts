import { cef } from './cef.ts';
import type { FormatterType } from './formatter.ts';
import { json } from './json.ts';

/** Every format, by its name in the config file. */
export const formatters = { JSON: json, CEF: cef } satisfies Record<string, FormatterType>;

export type FormatterName = keyof typeof formatters;
