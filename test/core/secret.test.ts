import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';

describe('a secret', () => {
  const secret = new Secret('hunter2-hunter2');

  it('prints as *** in text, JSON, logs, errors and the debugger', () => {
    const nested = { config: { skey: secret, list: [secret] } };
    const prints = [
      String(secret),
      JSON.stringify(nested),
      inspect(nested, { depth: 10, showHidden: true }),
      Object.entries(secret).join(),
      new Error(`failed with ${secret.toString()}`).message,
    ];
    for (const print of prints) expect(print).not.toContain('hunter2');
    expect(JSON.stringify(nested)).toBe('{"config":{"skey":"***","list":["***"]}}');
  });

  it('tells its value to whoever asks by name, and is not copied with it', () => {
    expect(secret.reveal()).toBe('hunter2-hunter2');
    expect({ ...secret }).toEqual({});
  });
});
