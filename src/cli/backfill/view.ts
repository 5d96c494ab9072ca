import type { BackfillProgress } from '../../backfill/progress.ts';
import { type Io, say } from '../io.ts';
import { terminalOf } from '../terminal.ts';
import { blockLines, endLines, plainLine } from './text.ts';

const plainEachMs = 10_000;

/** Shows how a backfill goes: a block that stays in its place, a line now and then, or the last word as JSON. */
export class BackfillView {
  readonly #io: Io;
  readonly #json: boolean;
  #drawn = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  last: BackfillProgress | undefined;

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  show(progress: BackfillProgress): void {
    this.last = progress;
    if (this.#json || progress.state !== 'running') return;
    const { clock, stdout } = this.#io;
    const terminal = terminalOf(this.#io);
    if (terminal.columns !== undefined) {
      const lines = blockLines(progress, terminal).slice(0, (terminal.rows ?? 50) - 1);
      stdout.write(`${this.#back()}${lines.join('\n')}\n`);
      this.#drawn = lines.length;
      return;
    }
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#toldAtMs < plainEachMs) return;
    this.#toldAtMs = nowMs;
    say(stdout, plainLine(progress, clock.nowMs()));
  }

  /** Above the block. */
  say(text: string): void {
    this.#io.stdout.write(this.#back());
    this.#drawn = 0;
    say(this.#io.stderr, text);
  }

  end(): void {
    const { stdout } = this.#io;
    const { last } = this;
    stdout.write(this.#back());
    this.#drawn = 0;
    if (last === undefined) return;
    if (this.#json) return say(stdout, JSON.stringify(last));
    const terminal = terminalOf(this.#io);
    if (terminal.columns !== undefined && last.rows.length > 0)
      say(stdout, blockLines(last, terminal).join('\n'));
    for (const line of endLines(last)) say(stdout, line);
  }

  /** To where the block begins, and clears it. */
  #back(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[J`;
  }
}
