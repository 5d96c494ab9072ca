import type { Selection } from '../core/requests.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import type { Controls } from './controls.ts';
import { refusal } from './protocol.ts';
import { backfill, backfillArguments, stopBackfill } from './backfill.ts';
import { tap } from './tap.ts';

/** Who asked, for verbs that answer more than once. */
export interface Caller {
  /** Aborted when the caller is gone. */
  readonly gone: AbortSignal;
  /** Resolves when the caller has taken it; rejects when it is gone or takes nothing (`withinMs`: for so long). */
  send(result: JsonValue, withinMs?: number): Promise<void>;
  /** Resolves early when the caller is gone. */
  sleep(ms: number): Promise<void>;
}

export interface Argument {
  /** What it has to be, for the caller who sent something else. */
  readonly wanted: string;
  readonly required: boolean;
  readonly fits: (value: JsonValue) => boolean;
}

interface Verb {
  readonly takes: Readonly<Record<string, Argument>>;
  /** What it does; a stream sends through the caller, and its result is no line of its own. */
  readonly run: (args: JsonObject, controls: Controls, caller: Caller) => Outcome;
}

type Outcome = JsonValue | undefined | Promise<JsonValue | undefined>;

const name: Argument = {
  wanted: 'a text',
  required: false,
  fits: (value) => typeof value === 'string' && value !== '',
};
const ids: Argument = {
  wanted: "the ids of gaps in a list, or 'all'",
  required: true,
  fits: (value) =>
    value === 'all' ||
    (Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === 'string')),
};
const selection = { endpoint: name, account: name, server: name };

function numberOr(lowest: number, highest: number, word?: 'null'): Argument {
  return {
    wanted: `a whole number from ${lowest} to ${highest}${word === undefined ? '' : ', or null for what the config says'}`,
    required: word !== undefined,
    fits: (value) =>
      (word !== undefined && value === null) ||
      (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest),
  };
}

const concerned = (feeds: number): JsonObject => ({ feeds });

/** Everything that can be asked for. */
export const verbs: Readonly<Record<string, Verb>> = {
  status: { takes: {}, run: (_args, controls) => controls.status() },
  watch: { takes: { seconds: numberOr(1, 3600) }, run: watch },
  pause: {
    takes: selection,
    run: (args, controls) => concerned(controls.pause(selectionOf(args))),
  },
  resume: {
    takes: selection,
    run: (args, controls) => concerned(controls.resume(selectionOf(args))),
  },
  poll: { takes: selection, run: (args, controls) => concerned(controls.poll(selectionOf(args))) },
  interval: {
    takes: { ...selection, seconds: numberOr(1, 86_400, 'null') },
    run: (args, controls) =>
      concerned(controls.setInterval(selectionOf(args), numberOf(args['seconds']))),
  },
  maxcount: {
    takes: { ...selection, rows: numberOr(1, 1_000, 'null') },
    run: (args, controls) =>
      concerned(controls.setMaxcount(selectionOf(args), numberOf(args['rows']))),
  },
  tap: {
    takes: { ...selection, limit: numberOr(1, 1_000) },
    run: (args, controls, caller) =>
      tap(selectionOf(args), numberOf(args['limit']) ?? 100, controls, caller),
  },
  backfill: { takes: backfillArguments, run: backfill },
  'backfill-stop': stopBackfill,
  gaps: { takes: {}, run: async (_args, controls) => ({ gaps: await controls.gaps() }) },
  ack: {
    takes: { ids },
    run: async ({ ids: asked }, controls) => {
      const acknowledged = await controls.acknowledge(
        Array.isArray(asked) ? asked.map(String) : 'all',
      );
      return { acknowledged };
    },
  },
  'reopen-logs': {
    takes: {},
    run: async (_args, controls) => {
      await controls.reopenLogs();
      return {};
    },
  },
  reload: { takes: {}, run: reload },
  stop: { takes: {}, run: stop },
};

async function reload(_args: JsonObject, controls: Controls): Promise<JsonObject> {
  const { needsRestart, ...changes } = await controls.reload();
  return { ...changes, needs_restart: needsRestart };
}

/** The verb of this name. Throws `unknown_verb`, `bad_argument`. */
export function checkedVerb(word: string, args: JsonObject): Verb {
  const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (verb === undefined) {
    throw refusal(
      'unknown_verb',
      `This duologsync does not know '${word.slice(0, 40)}'`,
      `It knows ${Object.keys(verbs).join(', ')}.`,
    );
  }
  const taken = Object.keys(verb.takes);
  const takes = taken.length === 0 ? 'It takes none.' : `It takes ${taken.join(', ')}.`;
  for (const [key, value] of Object.entries(args)) {
    const argument = Object.hasOwn(verb.takes, key) ? verb.takes[key] : undefined;
    if (argument === undefined)
      throw refusal('bad_argument', `${word} has no argument '${key.slice(0, 40)}'`, takes);
    if (!argument.fits(value))
      throw refusal('bad_argument', `${key} of ${word} has to be ${argument.wanted}`, takes);
  }
  for (const [key, { required, wanted }] of Object.entries(verb.takes)) {
    if (required && !Object.hasOwn(args, key))
      throw refusal('bad_argument', `${word} needs ${key}: ${wanted}`, takes);
  }
  return verb;
}

/** A snapshot now, then one each `seconds`. */
async function watch(args: JsonObject, controls: Controls, caller: Caller): Promise<undefined> {
  const seconds = numberOf(args['seconds']) ?? 2;
  while (!caller.gone.aborted) {
    await caller.send(await controls.status());
    await caller.sleep(seconds * 1000);
  }
  return undefined;
}

/** The answer goes first: once the program stops, its socket is closed. */
async function stop(_args: JsonObject, controls: Controls, caller: Caller): Promise<undefined> {
  try {
    await caller.send({});
  } finally {
    controls.stop();
  }
  return undefined;
}

function selectionOf(args: JsonObject): Selection {
  const { endpoint, account, server } = args;
  return {
    ...(typeof endpoint === 'string' ? { endpoint } : {}),
    ...(typeof account === 'string' ? { account } : {}),
    ...(typeof server === 'string' ? { server } : {}),
  };
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
