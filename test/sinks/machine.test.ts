import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { thisMachine } from '../../src/sinks/machine.ts';

describe('this machine', () => {
  it('takes an address for its own only address, without asking anybody', async () => {
    expect(await thisMachine.resolve('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(await thisMachine.resolve('::1')).toEqual([{ address: '::1', family: 6 }]);
  });

  it('knows all addresses of a name, and says when there is none', async () => {
    const addresses = await thisMachine.resolve('localhost');
    expect(addresses.map(({ address }) => address)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]) as string[],
    );
    await expect(thisMachine.resolve('no-such-name.invalid')).rejects.toHaveProperty('code');
  });

  it('reads files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'machine-'));
    await writeFile(join(folder, 'file'), 'bytes');
    expect(String(await thisMachine.readFile(join(folder, 'file')))).toBe('bytes');
    await rm(folder, { recursive: true });
  });

  it('reads a long table to the row that is sought, and to its end when there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'machine-'));
    const row = (n: number): string => `row ${n} `.padEnd(150, '.');
    const table = Array.from({ length: 3_000 }, (_, n) => row(n)).join('');
    await writeFile(join(folder, 'table'), table);
    for (const n of [0, 435, 437, 1_500, 2_999]) {
      const text = String(await thisMachine.readFile(join(folder, 'table'), `row ${n} `));
      expect(table.startsWith(text)).toBe(true);
      expect(text.includes(row(n).slice(0, 100))).toBe(true);
    }
    const first = await thisMachine.readFile(join(folder, 'table'), 'row 0 ');
    expect(first.length).toBeLessThan(table.length / 2);
    expect(String(await thisMachine.readFile(join(folder, 'table'), 'row x'))).toBe(table);
    await rm(folder, { recursive: true });
  });

  it('tells what peers have taken on Linux alone', () => {
    expect(thisMachine.seesTxQueue && process.platform !== 'linux').toBe(false);
  });
});
