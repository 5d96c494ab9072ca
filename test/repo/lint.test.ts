import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { root } from './sources.ts';

/** What the project's own lint says about a text that stands where a source file stands. */
async function rulesBroken(text: string): Promise<(string | null)[]> {
  // With CI=true typescript-eslint takes the types from the file on disk, not from the text.
  const parserOptions = { disallowAutomaticSingleRunInference: true };
  const eslint = new ESLint({ cwd: root, overrideConfig: { languageOptions: { parserOptions } } });
  const [result] = await eslint.lintText(text, { filePath: 'src/core/clock.ts' });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId);
}

const rename = (call: string): string => `import { rename } from 'node:fs/promises';
export function move(): void {
  ${call}
}
`;

describe('the lint', () => {
  it('refuses a rename that nobody awaits', async () => {
    expect(await rulesBroken(rename("rename('a', 'b');"))).toEqual([
      '@typescript-eslint/no-floating-promises',
    ]);
    expect(await rulesBroken(rename("void rename('a', 'b');"))).toEqual([]);
  }, 60_000);

  it('refuses any, a forgotten case, an async callback where none is awaited, and console', async () => {
    const text = `type Word = 'a' | 'b';
export function f(word: Word, given: any): number {
  console.log(given);
  [1].forEach(async () => undefined);
  switch (word) {
    case 'a':
      return 1;
  }
  return 0;
}
`;
    expect((await rulesBroken(text)).sort()).toEqual([
      '@typescript-eslint/no-explicit-any',
      '@typescript-eslint/no-misused-promises',
      '@typescript-eslint/switch-exhaustiveness-check',
      'no-console',
    ]);
  }, 60_000);
});
