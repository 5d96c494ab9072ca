import { markup, type Markup, trusted } from './markup.ts';

/** Told by shape and word first; colour only repeats it. */
export type Sign = 'ok' | 'bad' | 'warn' | 'pause' | 'busy';

const shapes: Readonly<Record<Sign, string>> = {
  ok: '<circle cx="8" cy="8" r="7" class="f"/><path d="m4.6 8.3 2.3 2.3 4.5-5" class="l"/>',
  bad: '<path d="M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z" class="f"/><path d="m5.5 5.5 5 5m0-5-5 5" class="l"/>',
  warn: '<path d="M8 1.2 15.4 14.6H.6z" class="f"/><path d="M8 6v4m0 1.6v1.2" class="l"/>',
  pause:
    '<rect x="1" y="1" width="14" height="14" rx="3" class="f"/><path d="M6 5v6m4-6v6" class="l"/>',
  busy: '<circle cx="8" cy="8" r="6.2" class="o"/><path d="M8 4.5V8l2.4 1.8" class="o"/>',
};

/** The drawings, once for the page. */
export function signDrawings(): Markup {
  const symbols = Object.entries(shapes).map(
    ([sign, shape]) => `<symbol id="s-${sign}" viewBox="0 0 16 16">${shape}</symbol>`,
  );
  return trusted(`<svg class="none" aria-hidden="true">${symbols.join('')}</svg>`);
}

/** A sign is never alone: a word stands beside it. */
export function signOf(sign: Sign): Markup {
  return markup`<svg class="sign ${sign}" aria-hidden="true"><use href="#s-${sign}"/></svg>`;
}

/** The page's icon in the browser's tab tells the state too. */
export function iconOf(isWell: boolean): string {
  const [colour, shape, line] = isWell
    ? ['#1a7f37', '<circle cx="8" cy="8" r="8"/>', 'm4.6 8.3 2.3 2.3 4.5-5']
    : ['#c42b1c', '<path d="M5 0h6l5 5v6l-5 5H5l-5-5V5z"/>', 'm5.5 5.5 5 5m0-5-5 5'];
  const drawing = `<g fill="${colour}">${shape}</g><path d="${line}" fill="none" stroke="#fff" stroke-width="2"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${drawing}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
