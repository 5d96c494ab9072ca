import type { QueryProgram } from '../../src/control/query-answer.ts';
import type { QueryView, ThreadView } from '../../src/control/query-view.ts';

export const thread = (endpoint: string, more: Partial<ThreadView> = {}): ThreadView => ({
  endpoint,
  state: 'running',
  cycleMs: Date.UTC(2026, 0, 5, 3, 50, 56),
  lastEventMs: undefined,
  cycles: 1,
  intervalMs: 90_000,
  backoffMs: 0,
  health: 'well',
  sinceMs: 0,
  ...more,
});

export interface FakeQuery extends QueryProgram {
  readonly asked: unknown[][];
  shown: QueryView;
  /** Changes one thread of what is shown. */
  change(endpoint: string, more: Partial<ThreadView>): void;
}

/** Shows what it is told to show; a thread that is stopped or started is shown so, and all is written down. */
export function fakeQuery(...threads: readonly ThreadView[]): FakeQuery {
  const asked: unknown[][] = [];
  const program: FakeQuery = {
    asked,
    shown: { threads, gaps: 0, disk: [] },
    change: (endpoint, more) => {
      const changed = program.shown.threads.map((one) =>
        one.endpoint === endpoint ? { ...one, ...more } : one,
      );
      program.shown = { ...program.shown, threads: changed };
    },
    view: async () => program.shown,
    pause: ({ endpoint = '' }) => {
      program.change(endpoint, { state: 'idle' });
      return asked.push(['pause', endpoint]);
    },
    resume: ({ endpoint = '' }) => {
      program.change(endpoint, { state: 'running' });
      return asked.push(['resume', endpoint]);
    },
    setInterval: ({ endpoint }, seconds) => asked.push(['interval', endpoint, seconds]),
    stopAfter: ({ endpoint }, cycles) => asked.push(['maxcount', endpoint, cycles]),
    reopenLogs: async () => void asked.push(['reopen']),
  };
  return program;
}

/** As the captured daemon stood. */
export function captured(): FakeQuery {
  return fakeQuery(
    thread('telephony'),
    thread('auth', { lastEventMs: Date.UTC(2026, 0, 1), cycles: 2 }),
    thread('adminaction', { lastEventMs: Date.UTC(2025, 11, 31, 23, 59, 58), cycles: 2 }),
  );
}
