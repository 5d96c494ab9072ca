import { endpoints } from '../endpoints/index.ts';

const keysOf = <T extends object>(list: T): (keyof T & string)[] =>
  Object.keys(list) as (keyof T & string)[];

/** The words that the file may use, each list's own keys. */
export const endpointNames = keysOf(endpoints);
export const formatNames = ['JSON', 'CEF'] as const;
export const protocolNames = ['TCP', 'TCPSSL', 'UDP'] as const;
