import { FILE } from './file.ts';
import type { SinkType } from './sink.ts';
import { TCP } from './tcp.ts';
import { TCPSSL } from './tls.ts';
import { UDP } from './udp.ts';

/** Every kind of server by the word that `protocol` takes in the config file. */
export const sinks = { TCP, TCPSSL, UDP, FILE } satisfies Record<string, SinkType>;
