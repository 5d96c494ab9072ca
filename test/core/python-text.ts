import { pythonJson } from '../../src/core/python-json.ts';
import type { Addition } from '../../src/core/python-members.ts';

/** The line for a row's text. A lone surrogate is put on the wire as an escape, which is the only way it can be there. */
export function python(
  text: string,
  style: 'python' | 'compact' = 'python',
  added: readonly Addition[] = [],
): string {
  const onWire = text.replace(/\p{Surrogate}/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
  const line = pythonJson(new TextEncoder().encode(onWire), style, added);
  return Buffer.from(line).toString('latin1');
}
