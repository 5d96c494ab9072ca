import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wholeLines } from '../../src/dead-letter/whole-lines.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duologsync-lines-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function read(text: string, fromByte?: number) {
  const path = join(directory, 'file');
  await writeFile(path, text);
  const lines = wholeLines(path, fromByte);
  const whole: string[] = [];
  for (;;) {
    const { done, value } = await lines.next();
    if (done === true) return { whole, rest: value.toString() };
    whole.push(value.toString());
  }
}

describe('the lines of a file', () => {
  it('are whole across the pieces in which it is read, and what has no newline yet is told apart', async () => {
    const long = 'ü'.repeat(100_000);
    expect(await read(`${long}\n\n${long}\nshort`)).toEqual({
      whole: [long, '', long],
      rest: 'short',
    });
    expect(await read('')).toEqual({ whole: [], rest: '' });
  });

  it('can be read from a place on', async () => {
    expect(await read('one\ntwo\nthree\n', 4)).toEqual({ whole: ['two', 'three'], rest: '' });
  });

  it('of no file are an error', async () => {
    await expect(wholeLines(join(directory, 'none')).next()).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
