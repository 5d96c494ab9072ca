import type { Secret } from '../core/secret.ts';

const longest = 200;

/** Makes text that came over the wire fit for a log: one line, at most 200 characters, no secrets. */
export type Clean = (text: string) => string;

/** `secrets` also vanish in their base64 and URL-encoded forms, as an echoing server would show them. */
export function createClean(secrets: readonly Secret[]): Clean {
  const forms = secrets
    .map((secret) => secret.reveal())
    .filter((value) => value !== '')
    .flatMap((value) => [
      value,
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('base64url'),
    ])
    .sort((a, b) => b.length - a.length);
  return (text) =>
    escapeControls(cut(forms.reduce((rest, form) => rest.replaceAll(form, '***'), text)));
}

/** The title of an HTML page, to tell whose page it is. */
export function titleOf(html: string): string | undefined {
  const title = /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.replace(/\s+/g, ' ').trim();
  return title === '' ? undefined : title;
}

function cut(text: string): string {
  const characters = [...text.slice(0, 4 * longest)];
  return characters.length <= longest ? text : `${characters.slice(0, longest).join('')}…`;
}

// C0, C1, line separators, marks that turn the reading direction, lone surrogates: they forge or hide log text.
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
