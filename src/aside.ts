/** What goes on beside the feeds of a program that lasts: heartbeats, and looks at what nobody's failure tells. */
import type { App } from './app.ts';
import { mainAccount } from './config/main-account.ts';
import { ClientCertificates } from './client-certificates.ts';
import type { Clock } from './core/clock.ts';
import type { Logger } from './core/log.ts';
import { packageVersion } from './core/version.ts';
import { Heartbeats } from './heartbeat.ts';
import { Alerts } from './status/alerts.ts';
import type { Look } from './status/monitor.ts';
import type { Parts, ServerPart } from './status/parts.ts';
import { silencesOf } from './status/silence.ts';

export interface AsideTools {
  readonly app: Pick<App, 'config' | 'destinations'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** This machine's name. */
  readonly sender: string;
  readonly startedMs: number;
  readonly parts: () => Parts;
  readonly look: () => Promise<Look>;
}

export class Aside {
  readonly #tools: AsideTools;
  readonly #heartbeats: Heartbeats;
  readonly #certificates: ClientCertificates;
  readonly #alerts: Alerts;

  constructor(tools: AsideTools) {
    const { app, clock, log, sender, startedMs, parts, look } = tools;
    this.#tools = tools;
    this.#heartbeats = new Heartbeats({
      ...{ clock, log, sender, startedMs },
      version: packageVersion(),
      // An archive holds Duo's rows alone.
      servers: () => app.config.servers.filter(({ protocol }) => protocol !== 'FILE'),
      // After a reload the old sink of a server may still finish what it has: the newer one counts.
      destination: (id) => app.destinations.findLast(({ config }) => config.id === id),
      health: async () => {
        const { state, problems } = (await look()).snapshot;
        return { isDegraded: state === 'degraded', problems: problems.length };
      },
      account: () => mainAccount(app.config),
    });
    this.#certificates = new ClientCertificates(() => app.config.servers, clock);
    this.#alerts = new Alerts({ parts, clock, log });
  }

  async run(stop: AbortSignal): Promise<void> {
    const runners = [this.#heartbeats, this.#certificates, this.#alerts];
    await Promise.all(runners.map((runner) => runner.run(stop)));
  }

  /** Another reading of the config holds now; nothing waits for this. */
  reloaded(): void {
    this.#heartbeats.look();
    void this.#certificates.look();
  }

  ofServer({ id }: Pick<ServerPart, 'id'>): Partial<ServerPart> {
    return {
      heartbeat: this.#heartbeats.stateOf(id),
      clientCertificateEndsMs: this.#certificates.endOf(id),
    };
  }

  silencesOf(
    parts: Pick<Parts, 'feeds' | 'servers' | 'startedMs'>,
  ): NonNullable<Parts['silences']> {
    const { alert_after: alertAfter } = this.#tools.app.config.dls_settings;
    return silencesOf({ ...parts, alertAfter });
  }
}
