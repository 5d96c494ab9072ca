/** When the certificates end that this program shows to servers, as their files say now. */
import type { Clock } from './core/clock.ts';
import type { ServerConfig } from './config/schema.ts';
import { type Machine, thisMachine } from './sinks/machine.ts';
import { clientCertificateEndMs } from './sinks/tls-files.ts';

type Server = Pick<ServerConfig, 'id' | 'protocol' | 'client_cert_filepath'>;

const lookMs = 600_000;

/** A renewed file counts from the next connection on, and is seen here even when there is none for long. */
export class ClientCertificates {
  readonly #servers: () => readonly Server[];
  readonly #clock: Clock;
  readonly #files: Pick<Machine, 'readFile'>;
  #ends: ReadonlyMap<string, number> = new Map();

  constructor(
    servers: () => readonly Server[],
    clock: Clock,
    files: Pick<Machine, 'readFile'> = thisMachine,
  ) {
    this.#servers = servers;
    this.#clock = clock;
    this.#files = files;
  }

  endOf(server: string): number | undefined {
    return this.#ends.get(server);
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.look();
      await this.#clock.sleep(lookMs, stop);
    }
  }

  /** A file that cannot be read keeps nothing from anybody: the connection that needs it tells. */
  async look(): Promise<void> {
    const ends = new Map<string, number>();
    for (const { id, protocol, client_cert_filepath: path } of this.#servers()) {
      if (protocol !== 'TCPSSL' || path === undefined) continue;
      const endsMs = await clientCertificateEndMs(path, this.#files).catch(() => undefined);
      if (endsMs !== undefined) ends.set(id, endsMs);
    }
    this.#ends = ends;
  }
}
