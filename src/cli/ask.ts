import { tmpdir } from 'node:os';
import { type Asked, call, type CallOptions } from '../control/call.ts';
import { isObject } from '../core/row.ts';
import type { JsonObject } from '../core/types.ts';
import { tell } from './config-file.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { placeOf, type StatePlace } from './state-place.ts';

/** How the program that runs with this config is called. */
export function callOptions({ configFile, stateDirectory }: StatePlace, io: Io): CallOptions {
  return {
    stateDirectory,
    platform: io.platform,
    tmpdir: tmpdir(),
    uid: io.uid,
    clock: io.clock,
    howToStart: `Start it: duologsync ${configFile} (or start its service). It was looked for in ${stateDirectory}: when directory or account.hostname was changed since its start, it still runs under the old ones.`,
  };
}

export type Answer =
  | { readonly exit: ExitCode }
  | { readonly exit?: never; readonly result: JsonObject; readonly place: StatePlace };

/** Asks the program that runs with a config file; what goes wrong is told, and is an exit code. */
export async function ask(given: string | undefined, asked: Asked, io: Io): Promise<Answer> {
  const place = await placeOf(given, io);
  if (place.exit !== undefined) return place;
  try {
    const result = await call(asked, callOptions(place, io));
    return { result: isObject(result) ? result : {}, place };
  } catch (error) {
    return { exit: tell(error, io) };
  }
}
