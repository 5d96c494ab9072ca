import type { ForwarderError } from '../../core/errors.ts';
import { redactor } from '../../core/program-log.ts';
import type { Secret } from '../../core/secret.ts';
import type { JsonObject } from '../../core/types.ts';
import { type Io, say } from '../io.ts';

/** Duo's refusals that no retry mends: of the key, and of a permission. */
export const keyRefusals: ReadonlySet<string> = new Set([
  'duo_invalid_key',
  'duo_invalid_signature',
  'duo_unauthorized',
]);

/** What is checked: Duo, an MSP's child by its id, a server by its id. */
export interface Target {
  readonly kind: 'duo' | 'account' | 'server';
  readonly name: string;
}

/** Counts what failed; prints one line a step at once, or all as JSON at the end. */
export class Report {
  failed = 0;
  refused = 0;
  total = 0;
  readonly #io: Io;
  readonly #json: boolean;
  /** Other sides may repeat what they were sent. */
  readonly #redact: (text: string) => string;
  readonly #checks: JsonObject[] = [];
  #target: Target | undefined;

  constructor(io: Io, secrets: readonly Secret[], json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#redact = redactor(secrets);
  }

  /** What comes now is about this. */
  begin(target: Target, title: string): void {
    this.#target = target;
    this.note(title);
  }

  note(text: string): void {
    if (!this.#json) say(this.#io.stdout, this.#redact(text));
  }

  ok(step: string, detail: string): void {
    this.total += 1;
    this.#keep(step, { ok: true, detail });
    this.note(`  ok    ${step.padEnd(12)} ${detail}`.trimEnd());
  }

  /** Not done, and why that is right. */
  skip(step: string, why: string): void {
    this.note(`  skip  ${step.padEnd(12)} ${why}`);
  }

  fail(step: string, { code, message, hint }: ForwarderError): void {
    this.total += 1;
    this.failed += 1;
    if (keyRefusals.has(code) || code === 'duo_forbidden') this.refused += 1;
    this.#keep(step, { ok: false, code, message, hint: hint ?? null });
    this.note(`  FAIL  ${step.padEnd(12)} ${message} (${code})`);
    if (hint !== undefined) this.note(`        ${hint}`);
  }

  /** `more`: further keys of the JSON. */
  end(more: JsonObject): void {
    const { failed, total } = this;
    if (!this.#json) return this.note(`${failed} of ${total} checks failed.`);
    const all: JsonObject = { failed, total, checks: this.#checks, ...more };
    const clean = (_key: string, part: unknown): unknown =>
      typeof part === 'string' ? this.#redact(part) : part;
    say(this.#io.stdout, JSON.stringify(all, clean, 2));
  }

  #keep(step: string, outcome: JsonObject): void {
    this.#checks.push({ ...this.#target, step, ...outcome });
  }
}
