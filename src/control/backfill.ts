import type { BackfillRequest } from '../core/requests.ts';
import type { JsonObject, JsonValue } from '../core/types.ts';
import type { Controls } from './controls.ts';
import type { Argument, Caller } from './verbs.ts';

const time: Argument = {
  wanted: 'a time in milliseconds',
  required: false,
  fits: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const names: Argument = {
  wanted: 'a list of names',
  required: false,
  fits: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
};
const yesNo: Argument = {
  wanted: 'true or false',
  required: false,
  fits: (value) => typeof value === 'boolean',
};
const key: Argument = {
  wanted: '16 hexadecimal digits',
  required: true,
  fits: (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value),
};

export const backfillArguments: Readonly<Record<string, Argument>> = {
  ...{ key, since: { ...time, required: true }, until: time },
  ...{ endpoints: names, accounts: names, servers: names },
  ...{ dry_run: yesNo, restart: yesNo },
};

const everyMs = 1_000;

/** How it goes now, then each second, and at last how it ended; it goes on when the caller leaves. */
export async function backfill(
  args: JsonObject,
  controls: Controls,
  caller: Caller,
): Promise<undefined> {
  const running = await controls.backfill(askOf(args));
  let isOver = false;
  const ended = running.ended.then(() => void (isOver = true));
  // One that is done already answers once.
  await Promise.resolve();
  for (;;) {
    const isLast = isOver;
    await caller.send(running.progress());
    if (isLast || caller.gone.aborted) return undefined;
    await Promise.race([caller.sleep(everyMs), ended]);
  }
}

/** Stops the one that runs, and says whether there was one. */
export const stopBackfill = {
  takes: { key },
  run: (args: JsonObject, controls: Controls): JsonObject => ({
    stopped: controls.stopBackfill(keyIn(args)),
  }),
};

function askOf(args: JsonObject): BackfillRequest {
  const { until } = args;
  return {
    key: keyIn(args),
    sinceMs: Number(args['since']),
    ...(typeof until === 'number' ? { untilMs: until } : {}),
    endpoints: namesIn(args['endpoints']),
    accounts: namesIn(args['accounts']),
    servers: namesIn(args['servers']),
    dryRun: args['dry_run'] === true,
    restart: args['restart'] === true,
  };
}

function keyIn({ key: asked }: JsonObject): string {
  return typeof asked === 'string' ? asked : '';
}

function namesIn(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(String) : [];
}
