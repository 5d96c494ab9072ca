import { afterEach } from 'vitest';

/** Something that a test has started. */
export type Started = { stop(): Promise<void> } | { close(): Promise<void> };

/** Called once in a `describe`: what is handed to `closing` is ended after each of its tests. */
export function endedAfterEach(): <T extends Started>(starting: Promise<T> | T) => Promise<T> {
  const started: Started[] = [];
  afterEach(async () => {
    const ends = started.splice(0).map((one) => ('stop' in one ? one.stop() : one.close()));
    await Promise.all(ends);
  });
  return async (starting) => {
    const one = await starting;
    started.push(one);
    return one;
  };
}

/** The lines that a receiver has taken, as text. */
export function textsAt(receiver: { lines(): readonly Buffer[] }): string[] {
  return receiver.lines().map((line) => line.toString('utf8'));
}
