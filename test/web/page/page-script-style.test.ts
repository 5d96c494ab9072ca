import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { degradedSample, healthySample, manySample } from '../../../scripts/status-samples.ts';
import { Histories } from '../../../src/status/history.ts';
import { snapshotOf } from '../../../src/status/snapshot.ts';
import { contentPolicy, pageOf } from '../../../src/web/page/page.ts';
import { script } from '../../../src/web/page/script.ts';
import { style } from '../../../src/web/page/style.ts';
import { viewOf } from '../../../src/web/page/view.ts';
import { feedPart, nothingKept, parts, refused, serverPart } from '../../status/parts.ts';

const nonce = 'bm9uY2U';
const many = manySample();
/** What is written between the marks of elements. */
const textOf = (page: string): string =>
  page
    .replace(/<(style|script)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the status page', () => {
  it('is one document that loads nothing and runs nothing but its own', () => {
    const page = pageOf(degradedSample(), nonce);
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    const asked = [...page.matchAll(/\b(?:src|href|action|srcset|data)="([^"]*)"/g)].map(
      ([, to = '']) => to.replace(/^data:.*/, 'data:').replace(/^#.*/, '#'),
    );
    expect([...new Set(asked)].sort()).toEqual(['#', 'data:']);
    expect(page).not.toMatch(/\bon[a-z]+="|style="|javascript:|@import|url\(/);
    expect([...page.matchAll(/<(?:style|script)[^>]*>/g)].map(([tag]) => tag)).toEqual([
      `<style nonce="${nonce}">`,
      `<script nonce="${nonce}">`,
    ]);
    expect(contentPolicy(nonce)).toBe(
      "default-src 'none'; style-src 'nonce-bm9uY2U'; script-src 'nonce-bm9uY2U'; connect-src 'self'; " +
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
  });

  it('is less than 60 kB without rows, and a page of rows with 10,000 feeds', () => {
    const none = snapshotOf(parts({ feeds: [] }), new Histories(), nothingKept);
    expect(pageOf(none, nonce).length).toBeLessThan(60_000);
    const page = pageOf(many, nonce);
    expect(page.match(/<tr data-key/g)?.length).toBeLessThan(220);
    expect(page.length).toBeLessThan(500_000);
    expect(textOf(page)).toContain('1 to 200 of 10,000');
    const last = pageOf(many, nonce, viewOf(new URLSearchParams('page=999&sort=account')));
    expect(textOf(last)).toContain('9,801 to 10,000 of 10,000');
  });

  it('names what is wrong first: since when, whose side, the next try, what to do', () => {
    const text = textOf(pageOf(degradedSample(), nonce));
    const problems = text.slice(text.indexOf('Problems'), text.indexOf('Totals'));
    for (const told of [
      'server soc (tcp://soc.corp.example:514)',
      'refused the connection',
      'since 14:08:00Z (33 min)',
      'the server’s side',
      '4 feeds wait',
      'next try in 38 s',
      'start the collector',
      'Paused',
    ])
      expect(problems).toContain(told);
    expect(text.indexOf('Problems')).toBeLessThan(text.indexOf('Totals'));
  });

  it('says that nothing is wrong in words', () => {
    const page = pageOf(healthySample(), nonce);
    expect(textOf(page)).toContain('Nothing is wrong. 24 feeds of 4 accounts well.');
    expect(page).toContain('<title>✓ Healthy – duologsync</title>');
    expect(pageOf(degradedSample(), nonce)).toMatch(/<title>✖ Degraded: \d problems – duologsync</);
  });

  it('asks a large program more seldom', () => {
    expect(pageOf(healthySample(), nonce)).toContain('data-every="2000"');
    expect(pageOf(many, nonce)).toContain('data-every="10000"');
  });

  it('lets no name and no message do anything', () => {
    const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e`;
    const trouble = { ...refused, message: evil, hint: evil, code: evil };
    const lately = [
      {
        atMs: 0,
        level: 'error' as const,
        sentence: evil,
        code: evil,
        feed: evil,
        server: evil,
        times: 2,
      },
    ];
    const feeds = [
      feedPart(evil, {}, { account: { id: evil, name: evil }, server: evil }),
      feedPart('auth', {}, { account: { id: 'DA2', name: evil }, server: 'two' }),
    ];
    const servers = [{ ...serverPart(evil, trouble), hostname: evil }, serverPart('two')];
    const more = { version: evil, configFile: evil, lately };
    const snapshot = snapshotOf(parts({ feeds, servers, ...more }), new Histories(), nothingKept);
    const page = pageOf(
      snapshot,
      nonce,
      viewOf(new URLSearchParams({ q: '"><script>', sort: evil })),
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|\u202e/);
    // Every attribute is as it was written here: a value that broke out of its quotes would add one.
    expect(page.replace(/<script[\s\S]*?<\/script>/, '')).not.toMatch(
      /<[^>"]*(?:"[^"]*"[^>"]*)*\sonerror=/,
    );
  });
});

describe('the page’s script', () => {
  it('uses nothing but what it declares and what a browser has', () => {
    const browser =
      'document window location history fetch setTimeout clearTimeout Date Number Map Set Error String TypeError DOMParser AbortController URLSearchParams FormData';
    const globals = Object.fromEntries(
      browser.split(' ').map((name) => [name, 'readonly' as const]),
    );
    const messages = new Linter().verify(script, {
      languageOptions: { globals, sourceType: 'script', ecmaVersion: 2023 },
      rules: {
        'no-undef': 'error',
        'no-unused-vars': 'error',
        eqeqeq: 'error',
        'prefer-const': 'error',
      },
    });
    expect(messages.map(({ message, line }) => `${line}: ${message}`)).toEqual([]);
    expect(script).not.toMatch(/<\/|innerHTML|eval|localStorage|cookie/);
  });
});

describe('the page’s style', () => {
  it('has a day and a night with the same names, and cannot end its element', () => {
    const [, day = '', night = ''] = /:root\{([^}]*)\}[\s\S]*?:root\{([^}]*)\}/.exec(style) ?? [];
    const names = (text: string): string[] =>
      [...text.matchAll(/(--[a-z]+):/g)].map(([, n = '']) => n);
    expect(names(night)).toEqual(names(day));
    const used = new Set([...style.matchAll(/var\((--[a-z]+)\)/g)].map(([, n = '']) => n));
    expect([...used].filter((name) => !names(day).includes(name))).toEqual([]);
    expect(style).not.toContain('</');
  });

  it('is readable: text is 4.5 times as bright as its ground, or the other way round', () => {
    for (const [, block = ''] of style.matchAll(/:root\{([^}]*)\}/g)) {
      const colours = new Map(
        [...block.matchAll(/--([a-z]+):(#[0-9a-f]+)/g)].map(([, n = '', c = '']) => [n, c]),
      );
      for (const text of ['text', 'faint', 'ok', 'bad', 'warn', 'link'])
        for (const ground of ['ground', 'card', 'soft'])
          expect([text, ground, contrast(colours.get(text), colours.get(ground)) >= 4.5]).toEqual([
            text,
            ground,
            true,
          ]);
    }
  });
});

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a = '', b = ''): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const full = hex.length === 4 ? [...hex.slice(1)].map((c) => c + c).join('') : hex.slice(1);
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const part = parseInt(full.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
