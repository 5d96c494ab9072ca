import { formatterFor } from '../../destinations.ts';
import type { Config, ServerConfig } from '../../config/schema.ts';
import { messageOf } from '../../core/errors.ts';
import { Row } from '../../core/row.ts';
import type { Line, LogEvent, Origin } from '../../core/types.ts';
import type { StoredLetter } from '../../dead-letter/letter.ts';
import type { Endpoint } from '../../endpoints/endpoint.ts';
import { endpoints } from '../../endpoints/index.ts';
import type { Formatter } from '../../formatters/formatter.ts';

/** Makes the lines of one run of letters; a text says why there is none. */
export class LetterLines {
  readonly #config: Config;
  readonly #formatters = new Map<string, Formatter>();

  constructor(config: Config) {
    this.#config = config;
  }

  /**
   * As the line that was not delivered, for the server that it was for; `anew`, or without a line, from the
   * row, as the config says now.
   */
  of(letter: StoredLetter, server: ServerConfig, origin: Origin, anew: boolean): Line | string {
    const { id, timeMs, line, row } = letter;
    if (line !== undefined && (!anew || (row === undefined && server.id === letter.serverId))) {
      return { bytes: line, id, timeMs };
    }
    if (row === undefined) return 'their rows were not kept: they can go to their own server only';
    const endpoint: Endpoint | undefined = (endpoints as Readonly<Record<string, Endpoint>>)[
      letter.endpoint
    ];
    if (endpoint === undefined) return `this version knows no log ${letter.endpoint}`;
    const parsed = new Row(row);
    const event: LogEvent = {
      id: letter.eventId,
      timeMs,
      source: row,
      get body() {
        return parsed.body;
      },
    };
    try {
      return { bytes: this.#formatter(server).format(event, origin, endpoint.profile), id, timeMs };
    } catch (error) {
      return `no line can be made of them for ${server.id}: ${messageOf(error)}`;
    }
  }

  #formatter(server: ServerConfig): Formatter {
    let formatter = this.#formatters.get(server.id);
    if (formatter === undefined) {
      formatter = formatterFor(server, this.#config);
      this.#formatters.set(server.id, formatter);
    }
    return formatter;
  }
}
