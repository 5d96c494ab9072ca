import type { JsonValue } from './types.ts';

export type Fields = Readonly<Record<string, JsonValue | undefined>>;

/**
 * The program's own log: a fixed sentence, then fields. State changes, not attempts;
 * never an event's body, never a key.
 */
export interface Logger {
  debug(sentence: string, fields?: Fields): void;
  info(sentence: string, fields?: Fields): void;
  warn(sentence: string, fields?: Fields): void;
  error(sentence: string, fields?: Fields): void;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
