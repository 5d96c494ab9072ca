import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ForwarderError, asForwarderError, messageOf, systemCode } from '../../src/core/errors.ts';

describe('an expected failure', () => {
  it('is retried unless it says otherwise, because losing a log is worse than trying again', () => {
    const error = new ForwarderError('some_code', 'It failed');
    expect(error).toMatchObject({ code: 'some_code', remedy: 'retry', scope: 'feed' });
    expect(error).toBeInstanceOf(Error);
    expect('cause' in error).toBe(false);
  });

  it('carries remedy, scope, hint, wait, index and cause', () => {
    const cause = new Error('below');
    const details = {
      remedy: 'skip',
      scope: 'event',
      hint: 'Do this.',
      retryAfterMs: 5,
      index: 3,
      cause,
    } as const;
    expect(new ForwarderError('some_code', 'It failed', details)).toMatchObject(details);
  });
});

describe('an unknown failure', () => {
  it('keeps its message and is retried', () => {
    const cause = new TypeError('x is not a function');
    const error = asForwarderError(cause);
    expect(error).toMatchObject({
      code: 'unexpected',
      remedy: 'retry',
      message: 'x is not a function',
      cause,
    });
  });

  it('may get a code, and an expected one stays itself', () => {
    expect(asForwarderError('text', 'server_failed')).toMatchObject({
      code: 'server_failed',
      message: 'text',
    });
    const expected = new ForwarderError('some_code', 'It failed');
    expect(asForwarderError(expected, 'other')).toBe(expected);
  });

  it('gives a message whatever was thrown', () => {
    expect([new Error('a'), 'b', 3, null, undefined].map(messageOf)).toEqual([
      'a',
      'b',
      '3',
      'null',
      'undefined',
    ]);
  });
});

describe("a system error's code", () => {
  it('is read from what Node throws', async () => {
    const error: unknown = await readFile('/no/such/file').catch((thrown: unknown) => thrown);
    expect(systemCode(error)).toBe('ENOENT');
  });

  it('is undefined for all else', () => {
    for (const value of [undefined, null, 'ENOENT', new Error('x'), { code: 5 }]) {
      expect(systemCode(value)).toBeUndefined();
    }
  });
});
