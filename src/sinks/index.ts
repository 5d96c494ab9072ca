import type { SinkType } from './sink.ts';
import { TCP } from './tcp.ts';

/** Every kind of server by the word that `protocol` takes in the config file. */
export const sinks = { TCP } satisfies Record<string, SinkType>;
