import { hostname } from 'node:os';
import { join } from 'node:path';
import { borrowLearned } from '../../checkpoint/learned-store.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import { silentLogger } from '../../core/log.ts';
import type { JsonObject } from '../../core/types.ts';
import type { Io } from '../io.ts';
import type { Report } from './report.ts';
import { inWords, sendTest, type SendTestTools } from './send-test.ts';

const step = 'test event';
const archived = 'none: an archive would keep it among the events for good';
const notReached = 'none: the server was not reached';
const searchFor =
  'Search the SIEM for these ids: that a server has read an event does not say that the SIEM has stored it.';

/** The program may run meanwhile: what it has learned is only read. */
export async function openTestEvents(
  config: Config,
  stateDirectory: string,
  report: Report,
  { clock }: Io,
): Promise<TestEvents> {
  const path = join(stateDirectory, 'learned.json');
  const learned = await borrowLearned({ path, clock, log: silentLogger });
  return new TestEvents({ config, clock, learned, sender: hostname() }, report);
}

/** One marked event for each server, and what became of it. */
class TestEvents {
  /** For the JSON. */
  readonly all: JsonObject[] = [];
  readonly #tools: SendTestTools;
  readonly #report: Report;

  constructor(tools: SendTestTools, report: Report) {
    this.#tools = tools;
    this.#report = report;
  }

  /** `isWell`: the server has been reached. */
  async send(server: ServerConfig, isWell: boolean): Promise<void> {
    if (server.protocol === 'FILE') return this.#skip(server, archived);
    if (!isWell) return this.#skip(server, notReached);
    const outcome = await sendTest(server, this.#tools);
    const { id, failure } = outcome;
    if (failure !== undefined) {
      this.#report.fail(step, failure);
      this.#report.note(`        It may have arrived all the same: ${id}`);
      this.#keep(server, { id, detail: failure.message });
      return;
    }
    const detail = inWords(outcome.sureness, server);
    this.#report.ok(step, `${id}: ${detail}`);
    const level = outcome.sureness === 'unclosed' ? 'none' : outcome.sureness;
    this.#keep(server, { id, sent: true, confirmed: level === 'drained', level, detail });
  }

  tellWhatNow(): void {
    if (this.all.some(({ sent }) => sent === true)) this.#report.note(searchFor);
  }

  #skip(server: ServerConfig, why: string): void {
    this.#report.skip(step, why);
    this.#keep(server, { detail: why });
  }

  #keep({ id: server }: ServerConfig, outcome: JsonObject): void {
    const none = { server, id: null, sent: false, confirmed: false, level: null };
    this.all.push({ ...none, ...outcome });
  }
}
