/** A text that is HTML already: made by `markup` alone, so that nothing else gets into a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | null | undefined | false | readonly Part[];

export const nothing = new Markup('');

/** A template whose values are escaped, in text and in quoted attributes alike; lists are joined. */
export function markup(literals: TemplateStringsArray, ...values: readonly Part[]): Markup {
  let text = literals[0] ?? '';
  for (const [at, value] of values.entries()) text += rendered(value) + (literals[at + 1] ?? '');
  return new Markup(text);
}

/** What this project wrote itself: style, script, drawings. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function rendered(value: Part): string {
  if (value instanceof Markup) return value.text;
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'number') return escaped(String(value));
  if (typeof value === 'string') return escaped(value);
  return value.map(rendered).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

function escaped(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
}

const longest = 600;

/**
 * Names and messages are strangers' text: what would turn the reading direction, break a line or show nothing at all is
 * written out as the log does, and a very long one is cut.
 */
export function visible(text: string): string {
  const shown = text.length <= longest ? text : `${text.slice(0, longest)}…`;
  return shown.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
