import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/core/types.ts';
import { encodeLetter, letterId } from '../../src/dead-letter/letter.ts';
import { makeRoom, planRoom, removeLeftover } from '../../src/dead-letter/make-room.ts';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duologsync-room-'));
  path = join(directory, 'dead-letters.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function letter(n: number): DeadLetter {
  return {
    feedId: 'auth > siem',
    account: { id: undefined, name: 'main', apiHost: 'duo.test' },
    endpoint: 'auth',
    serverId: 'siem',
    eventId: `e${n}`,
    timeMs: n * 1000,
    reason: 'oversize',
    detail: 'too long',
    line: Buffer.from(`line ${n}`),
  };
}
const texts = [0, 1, 2, 3].map((n) => encodeLetter(letter(n), 0).toString());
const none: ReadonlySet<string> = new Set();

describe('room among the dead letters', () => {
  it('is not made while there is nothing that may go', async () => {
    await writeFile(path, texts.join(''));
    expect(await planRoom(path, none, 10, undefined)).toMatchObject({ frees: false, gaps: [] });
    expect(await planRoom(path, none, 10_000, 100)).toMatchObject({ frees: false, gaps: [] });
  });

  it('is made by what was sent again, and every other line stays byte for byte', async () => {
    await writeFile(path, `${texts[0] ?? ''}damaged\n${texts[1] ?? ''}${texts[2] ?? ''}`);
    const plan = await planRoom(path, new Set([letterId(letter(1))]), 10, undefined);
    expect(plan).toMatchObject({ frees: true, gaps: [], damaged: 0 });
    await makeRoom(path, plan);
    expect(await readFile(path, 'utf8')).toBe(`${texts[0] ?? ''}damaged\n${texts[2] ?? ''}`);
    expect(await readdir(directory)).toEqual(['dead-letters.jsonl']);
  });

  it('is made by the oldest, no more of them than needed, and damaged lines are counted', async () => {
    const text = `damaged\n${texts.join('')}`;
    await writeFile(path, text);
    const plan = await planRoom(path, none, text.length, (texts[0] ?? '').length + 8);
    expect(plan).toMatchObject({
      dropLines: 2,
      damaged: 1,
      gaps: [{ kind: 'letters', fromMs: 0, toMs: 0, key: letterId(letter(0)) }],
    });
    expect(plan.gaps[0]?.reason).toMatch(/^1 dead letters were dropped, their file had reached /);
    await makeRoom(path, plan);
    expect(await readFile(path, 'utf8')).toBe(texts.slice(1).join(''));
  });

  it('that could not be made leaves the old file whole and nothing beside it', async () => {
    const plan = { resent: none, dropLines: 1, gaps: [], damaged: 0, frees: true };
    await expect(makeRoom(path, plan)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(directory)).toEqual([]);
    await writeFile(`${path}.room`, 'of a killed process');
    await removeLeftover(path);
    expect(await readdir(directory)).toEqual([]);
  });
});
