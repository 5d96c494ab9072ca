import type { FormatterType } from './formatter.ts';
import { json } from './json.ts';

/** Every format, by its name in the config file. */
export const formatters = { JSON: json } satisfies Record<string, FormatterType>;

export type FormatterName = keyof typeof formatters;
