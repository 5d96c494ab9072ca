import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMeant, isNamed, storedLetters } from '../../../src/cli/dead-letter/stored-letters.ts';
import { letter } from './place.ts';

const stored = { ...letter(1), id: '0123456789abcdef', at: '2026-01-01T00:00:00.000Z' };

describe('which dead letters are meant', () => {
  it('is all of them, when nothing is named', () => {
    expect(isMeant(stored, {})).toBe(true);
  });

  it.each([
    [{ feed: 'auth > siem' }, true],
    [{ feed: 'auth' }, true],
    [{ feed: 'auth > other' }, false],
    [{ reason: 'refused' }, true],
    [{ reason: 'oversize' }, false],
    [{ id: 'x, 0123' }, true],
    [{ id: 'event-1' }, true],
    [{ id: 'event' }, false],
    [{ feed: 'auth', reason: 'oversize' }, false],
  ])('by %j: %s', (filters, expected) => {
    expect(isMeant(stored, filters)).toBe(expected);
  });

  it('is never said by a few letters of an id that many may have', () => {
    expect(isNamed(stored, '012')).toBe(false);
    expect(isNamed(stored, '')).toBe(false);
  });

  it('is said with the remedy where the file cannot be read', async () => {
    const state = await mkdtemp(join(tmpdir(), 'duologsync-letters-'));
    try {
      await mkdir(join(state, 'dead-letters.jsonl'));
      await expect(storedLetters(state).next()).rejects.toMatchObject({
        code: 'dead_letter_unusable',
        hint: 'Run this as the user that runs duologsync.',
      });
    } finally {
      await rm(state, { recursive: true });
    }
  });

  it('is none where there is no file', async () => {
    for await (const one of storedLetters('/nowhere/at/all')) expect(one).toBe('never');
  });
});
