import type { Snapshot } from '../../status/snapshot.ts';
import { duoOf, latelyOf, serversOf } from './below.ts';
import { feedsOf } from './feeds.ts';
import { flowOf } from './flow.ts';
import { headOf, problemsOf, spokenOf, stateWords, totalsOf } from './head.ts';
import { markup, type Markup, trusted } from './markup.ts';
import { script } from './script.ts';
import { iconOf, signDrawings } from './signs.ts';
import { style } from './style.ts';
import { type PageView, viewOf } from './view.ts';

/** What the page may do: nothing but its own style and script, and to ask this very server. */
export function contentPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * The whole page as one document: complete and usable without its script, which only fetches it anew and puts in what
 * changed. `nonce` is that of `contentPolicy`, another one each time; `view` is what the address asks for.
 */
export function pageOf(
  snapshot: Snapshot,
  nonce: string,
  view: PageView = viewOf(new URLSearchParams()),
): string {
  const isWell = snapshot.state === 'healthy';
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${isWell ? '✓' : '✖'} ${stateWords(snapshot)} – duologsync</title>
<link rel="icon" href="${trusted(iconOf(isWell))}">
<style nonce="${nonce}">${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#h-problems">Skip to problems</a>
<a class="skip" href="#feeds">Skip to feeds</a>
${signDrawings()}
<header id="head">${headOf(snapshot)}</header>
<p id="dead" role="alert" hidden></p>
<p id="said" class="sr" role="status"></p>
<noscript><p class="noscript">Without script this page does not change by itself: load it again for the numbers of now.</p></noscript>
<main id="main" data-every="${everyMs(snapshot.feeds.length)}" data-said="${spokenOf(snapshot)}">
${section('problems', 'Problems', problemsOf(snapshot))}
${section('totals', 'Totals', totalsOf(snapshot), 'quiet')}
${section('flow', 'Flow', flowOf(snapshot))}
${section('feeds', 'Feeds', feedsOf(snapshot, view))}
${section('servers', 'Servers', serversOf(snapshot))}
<div class="pair">${section('duo', 'Duo API', duoOf(snapshot))}
${section('lately', 'Lately', latelyOf(snapshot))}</div>
</main>
<footer><p>Times are UTC. Everything here is also told by <code>duologsync status</code>.</p></footer>
<script nonce="${nonce}">${trusted(script)}</script>
</body>
</html>
`;
  return page.text;
}

/** An empty target so that the keyboard goes on from there. */
function section(id: string, title: string, content: Markup, kind = ''): Markup {
  return markup`<section id="${id}" class="${kind}" aria-labelledby="h-${id}" tabindex="-1"><h2 id="h-${id}">${title}</h2>
${content}</section>`;
}

/** Ten thousand feeds take 100 ms to be looked at: a page left open must not keep a processor busy. */
function everyMs(feeds: number): number {
  if (feeds <= 1_000) return 2_000;
  return feeds <= 5_000 ? 5_000 : 10_000;
}
