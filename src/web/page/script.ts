/**
 * What the browser runs. It asks for the same page again and puts in what changed, so that there is one renderer, and
 * ten thousand feeds cost a page of rows and not all of them. Focus, selection and scrolling stay where they are.
 */
export const script = String.raw`'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const main = byId('main');
  const form = () => byId('view');
  let timer = 0;
  let asking;
  let lastMs = Date.now();
  let filterTimer = 0;

  document.documentElement.classList.add('js');

  const attributesLeft = new Set(['open']);
  const typed = (node) => node.nodeName === 'INPUT' && node === document.activeElement;

  function attributes(old, fresh) {
    for (const { name, value } of fresh.attributes)
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes])
      if (!fresh.hasAttribute(name) && !attributesLeft.has(name)) old.removeAttribute(name);
  }

  const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : '') || '';
  const alike = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  function become(old, fresh) {
    if (old.isEqualNode(fresh) || typed(old)) return;
    if (old.nodeType !== 1) {
      old.data = fresh.data;
      return;
    }
    attributes(old, fresh);
    const keyed = new Map();
    for (const child of old.children) if (keyOf(child)) keyed.set(keyOf(child), child);
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const known = keyOf(next) ? keyed.get(keyOf(next)) : at;
      if (!known || !alike(known, next)) {
        old.insertBefore(next, at);
        continue;
      }
      if (known === at) at = at.nextSibling;
      else old.insertBefore(known, at);
      become(known, next);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function show(text) {
    // The policy forbids the style of another answer, and its script is not wanted either.
    const bare = text.replace(/<(style|script)[\s\S]*?<\/\1>/g, '');
    const fresh = new DOMParser().parseFromString(bare, 'text/html');
    const next = fresh.getElementById('main');
    if (!next) throw new Error('this is not the status page');
    const said = next.dataset.said;
    if (said !== main.dataset.said) byId('said').textContent = said;
    document.title = fresh.title;
    const icon = fresh.querySelector('link[rel=icon]');
    document.querySelector('link[rel=icon]').href = icon.href;
    become(byId('head'), fresh.getElementById('head'));
    become(main, next);
  }

  function dead(why) {
    const banner = byId('dead');
    const since = new Date(lastMs).toISOString().slice(11, 19) + 'Z';
    const told = 'No answer since ' + since + ' (' + why + '). What you see is from then.';
    if (banner.textContent !== told) banner.textContent = told;
    banner.hidden = false;
    document.body.classList.add('stale');
    document.title = '? No answer – duologsync';
  }

  async function ask() {
    clearTimeout(timer);
    asking?.abort();
    const mine = (asking = new AbortController());
    const beganMs = Date.now();
    const late = setTimeout(() => mine.abort('late'), 30000);
    try {
      const answer = await fetch(location.origin + location.pathname + location.search, {
        cache: 'no-store',
        signal: mine.signal,
      });
      if (!answer.ok) throw new Error('HTTP ' + answer.status);
      const text = await answer.text();
      if (asking !== mine) return;
      show(text);
      lastMs = Date.now();
      byId('dead').hidden = true;
      document.body.classList.remove('stale');
    } catch (error) {
      if (asking !== mine) return;
      dead(error instanceof TypeError ? 'it does not run, or cannot be reached' : error.message || String(error));
    } finally {
      clearTimeout(late);
      if (asking === mine) plan(Math.max(Number(main.dataset.every), 10 * (Date.now() - beganMs)));
    }
  }

  function plan(ms) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, ms);
  }

  function look(submitter) {
    const query = new URLSearchParams(new FormData(form(), submitter));
    const order = query.getAll('sort').at(-1);
    query.set('sort', order);
    if (!query.get('q')) query.delete('q');
    if (order === '-state') query.delete('sort');
    const text = query.toString();
    // Else the next visit would show problems only again.
    const hash = query.has('problems') ? location.hash : '';
    history.replaceState(null, '', location.pathname + (text ? '?' + text : '') + hash);
    void ask();
  }

  function problemsOnly() {
    if (location.hash !== '#problems' || byId('only').checked) return;
    byId('only').checked = true;
    look();
  }

  document.addEventListener('submit', (event) => {
    event.preventDefault();
    look(event.submitter);
  });
  document.addEventListener('input', (event) => {
    if (event.target.id !== 'q') return;
    clearTimeout(filterTimer);
    filterTimer = setTimeout(look, 200);
  });
  document.addEventListener('change', (event) => {
    if (event.target.id === 'only') look();
  });
  document.addEventListener('mouseover', (event) => {
    const time = event.target.closest?.('time');
    if (time && !time.title) time.title = new Date(time.dateTime).toString();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  });
  window.addEventListener('hashchange', problemsOnly);
  plan(Number(main.dataset.every));
  problemsOnly();
})();
`;
