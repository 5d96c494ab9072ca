import type { Controls } from '../../src/control/controls.ts';
import type { Selection } from '../../src/core/requests.ts';
import type { JsonObject } from '../../src/core/types.ts';

/** Writes down what is asked of it. */
export interface FakeControls extends Controls {
  readonly asked: unknown[][];
  snapshot: JsonObject;
  /** What a tap will show, look by look; then nothing. */
  readonly tapped: (JsonObject | undefined)[];
}

export function fakeControls(): FakeControls {
  const asked: unknown[][] = [];
  const told = (name: string): ((...args: (Selection | number | undefined)[]) => number) => {
    return (...args) => {
      asked.push([name, ...args]);
      return 3;
    };
  };
  const controls: FakeControls = {
    asked,
    snapshot: { schema_version: 1, state: 'healthy' },
    tapped: [],
    status: async () => controls.snapshot,
    pause: told('pause'),
    resume: told('resume'),
    poll: told('poll'),
    setInterval: told('setInterval'),
    setMaxcount: told('setMaxcount'),
    tap: (selection, perSecond) => {
      asked.push(['tap', selection, perSecond]);
      const close = (): void => void asked.push(['end of tap']);
      return { feeds: 3, drain: () => controls.tapped.shift(), close };
    },
    backfill: async (ask) => {
      asked.push(['backfill', ask]);
      return { progress: () => ({ state: 'done' }), ended: Promise.resolve() };
    },
    stopBackfill: (key) => asked.push(['stopBackfill', key]) > 0,
    gaps: async () => [{ id: 'g1' }],
    acknowledge: async (ids) => {
      asked.push(['acknowledge', ids]);
      return 2;
    },
    reopenLogs: async () => void asked.push(['reopenLogs']),
    reload: async () => {
      asked.push(['reload']);
      return { started: ['auth > b'], restarted: [], stopped: [], needsRestart: [], unchanged: 2 };
    },
    stop: () => void asked.push(['stop']),
  };
  return controls;
}
