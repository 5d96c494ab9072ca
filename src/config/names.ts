import { endpoints } from '../endpoints/index.ts';
import { formatters } from '../formatters/index.ts';
import { sinks } from '../sinks/index.ts';

const keysOf = <T extends object>(list: T): (keyof T & string)[] =>
  Object.keys(list) as (keyof T & string)[];

/** The words that the file may use: each list's own keys. */
export const endpointNames = keysOf(endpoints);
export const formatNames = keysOf(formatters);
export const protocolNames = keysOf(sinks);
