import type { SignalSource } from '../../engine/shutdown.ts';

/** Ctrl-C and its like: the first keeps the place, the second does not wait for it. */
export interface Interrupts {
  /** The one that came first. */
  readonly signal: NodeJS.Signals | undefined;
  /** What is done then; at once when it has come already. */
  first(act: () => void): void;
  second(act: () => void): void;
  dispose(): void;
}

export function watchInterrupts(source: SignalSource): Interrupts {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  const acts: [() => void, () => void] = [() => undefined, () => undefined];
  let count = 0;
  let came: NodeJS.Signals | undefined;
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      came ??= signal;
      count += 1;
      acts[count === 1 ? 0 : 1]();
    };
    source.on(signal, listener);
    return { signal, listener };
  });
  const on = (which: 0 | 1, act: () => void): void => {
    acts[which] = act;
    if (count > which) act();
  };
  return {
    get signal() {
      return came;
    },
    first: (act) => on(0, act),
    second: (act) => on(1, act),
    dispose: () => listeners.forEach(({ signal, listener }) => source.off(signal, listener)),
  };
}
