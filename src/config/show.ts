/** Foreign text as one short line that cannot move the cursor or hide anything. */
export function clip(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
  return clean.length > 60 ? `${clean.slice(0, 57)}...` : clean;
}

/** a, b or c */
export function orList(words: readonly string[]): string {
  if (words.length < 2) return `'${words.join('')}'`;
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
