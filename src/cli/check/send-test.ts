import { randomBytes } from 'node:crypto';
import { mainAccount } from '../../config/main-account.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import type { Clock } from '../../core/clock.ts';
import { asForwarderError, ForwarderError } from '../../core/errors.ts';
import { silentLogger } from '../../core/log.ts';
import type { Batch, Learned } from '../../core/types.ts';
import { formatterFor, serverOptions } from '../../destinations.ts';
import { sinks } from '../../sinks/index.ts';
import { type ConfirmLevel, defaultTiming, type Sink, type SinkTiming } from '../../sinks/sink.ts';
import { testEvent, testProfile } from './test-event.ts';

export interface SendTestTools {
  readonly config: Config;
  readonly clock: Clock;
  /** What the program has learned of how servers close. */
  readonly learned: Learned;
  /** This machine's name. */
  readonly sender: string;
  /** Tests pass a short one. */
  readonly timing?: SinkTiming;
}

/** How sure it is that the event arrived; `unclosed`: wholly sent, but the end that would confirm it did not come. */
export type Sureness = ConfirmLevel | 'unclosed';

export type Sent =
  | { readonly id: string; readonly sureness: Sureness; readonly failure?: never }
  | { readonly id: string; readonly failure: ForwarderError };

const lookEveryMs = 50;
/** The sink's second try is so far off that the first one's end is seen before it. */
const onlyTryMs = 3_600_000;

/** Sends one marked event as the program would, but tries once: whoever waits here wants to know. Never rejects. */
export async function sendTest(server: ServerConfig, tools: SendTestTools): Promise<Sent> {
  const { config, clock, learned, sender, timing = defaultTiming } = tools;
  const id = `duologsync-test-${randomBytes(4).toString('hex')}`;
  const nowMs = clock.nowMs();
  const origin = { account: mainAccount(config), endpoint: 'test', sender, sentAtMs: nowMs };
  const event = testEvent(id, nowMs, sender);
  const bytes = formatterFor(server, config).format(event, origin, testProfile);
  const batch: Batch = { feedId: 'test', origin, lines: [{ bytes, id, timeMs: nowMs }] };
  const sink = sinks[server.protocol].open(serverOptions(server), {
    ...{ clock, learned },
    timing: { ...timing, backoffBaseMs: onlyTryMs, backoffCapMs: onlyTryMs },
    log: silentLogger,
    deadLetters: { add: async () => undefined },
    slotsTaken: () => 1,
  });
  const [over, stop] = [new AbortController(), new AbortController()];
  const watch = firstTrouble(sink, clock, over.signal).then((trouble) => {
    if (trouble !== undefined) stop.abort(trouble);
  });
  try {
    await sink.write(batch, stop.signal);
    return { id, sureness: sink.state().level };
  } catch (error) {
    const failure = asForwarderError(error);
    return failure.code === 'server_not_closing' ? { id, sureness: 'unclosed' } : { id, failure };
  } finally {
    over.abort();
    await watch;
    await sink.close();
  }
}

/** What the sink would try again for ever. */
async function firstTrouble(
  sink: Sink,
  clock: Clock,
  over: AbortSignal,
): Promise<ForwarderError | undefined> {
  while (!over.aborted) {
    const { trouble } = sink.state();
    if (trouble !== undefined) {
      const { code, message, hint } = trouble;
      return new ForwarderError(code, message, {
        scope: 'server',
        ...(hint === undefined ? {} : { hint }),
      });
    }
    await clock.sleep(lookEveryMs, over);
  }
  return undefined;
}

/** What a person may conclude from it. */
export function inWords(sureness: Sureness, { protocol }: Pick<ServerConfig, 'protocol'>): string {
  if (protocol === 'UDP') return 'sent as a datagram, which nobody confirms';
  switch (sureness) {
    case 'unclosed':
      return 'sent, but the server did not close the connection after it, so nothing confirms it';
    case 'none':
      return 'handed to the network; with this "confirm" nothing more is known';
    case 'transport':
      return "taken by the server's machine; whether its program has read it is not known";
    case 'drained':
    case 'accepted':
    case 'durable':
      return 'confirmed: the server has read it and closed the connection';
  }
}
