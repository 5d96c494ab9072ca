import { ForwarderError, messageOf, systemCode } from '../../core/errors.ts';
import { lettersPath } from '../../dead-letter/dead-letter.ts';
import { decodeLetter, type StoredLetter } from '../../dead-letter/letter.ts';
import { wholeLines } from '../../dead-letter/whole-lines.ts';

/** Which letters are meant; what is not named does not matter. */
export interface Filters {
  /** A feed as the log names it, or an endpoint. */
  readonly feed?: string;
  readonly reason?: string;
  /** Ids of letters or events, separated by commas; of letters the beginning is enough. */
  readonly id?: string;
}

/** The letters of a state directory, oldest first; undefined for a damaged line. None when there is no file. */
export async function* storedLetters(
  state: string,
): AsyncGenerator<StoredLetter | undefined, void, undefined> {
  try {
    for await (const line of wholeLines(lettersPath(state))) yield decodeLetter(line);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    const path = lettersPath(state);
    throw new ForwarderError(
      'dead_letter_unusable',
      `${path} cannot be read: ${messageOf(error)}`,
      {
        hint: 'Run this as the user that runs duologsync.',
        cause: error,
      },
    );
  }
}

export function isMeant(letter: StoredLetter, { feed, reason, id }: Filters): boolean {
  if (feed !== undefined && letter.feedId !== feed && letter.endpoint !== feed) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  return id === undefined || idsOf(id).some((one) => isNamed(letter, one));
}

/** None when nothing is named. A comma at the end, as scripts make it, names nothing. */
export function idsOf(id = ''): readonly string[] {
  return id
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export function isNamed({ id, eventId }: StoredLetter, name: string): boolean {
  return eventId === name || (name.length >= 4 && id.startsWith(name));
}
