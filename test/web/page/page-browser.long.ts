import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../../../scripts/browser.mjs';
import { degradedSample, healthySample, manySample } from '../../../scripts/status-samples.ts';
import type { Snapshot } from '../../../src/status/snapshot.ts';
import { type PageServer, startPage } from './page-server.ts';

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const samples = { healthy: healthySample(), degraded: degradedSample(), many: manySample() };

let browser: Browser;
let server: PageServer;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  server = await startPage(samples.healthy);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});
afterEach(() => {
  Object.assign(server, { snapshot: samples.healthy, isGone: false });
  complaints.length = 0;
});

interface Visit {
  readonly width?: number;
  readonly dark?: boolean;
  readonly script?: boolean;
  readonly path?: string;
  readonly snapshot?: Snapshot;
}

async function visit<T>(options: Visit, look: (page: Page) => Promise<T>): Promise<T> {
  const { width = 1440, dark = false, script = true, path = '', snapshot } = options;
  if (snapshot !== undefined) server.snapshot = snapshot;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: script,
    // The checker is put into the page, which its own policy forbids.
    bypassCSP: false,
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
  try {
    await page.goto(server.url + path);
    return await look(page);
  } finally {
    await context.close();
  }
}

/** What the page comes to by itself: a busy machine takes its time. */
const soon = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 15_000 });

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What the accessibility checker calls serious or critical. */
async function barriers(page: Page, where: string): Promise<string[]> {
  // Evaluated by the debugger's way, which no policy of the page hinders.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run('${where}', { resultTypes: ['violations'] })`,
  );
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html)
          .join(' ')}`,
    );
}

const firstRow = (page: Page): Promise<string | null> =>
  page.locator('#feeds tbody tr').first().getAttribute('data-key');

describe('the status page in a browser', () => {
  const cases = Object.keys(samples).flatMap((name) =>
    [390, 900, 1440].flatMap((width) => [false, true].map((dark) => ({ name, width, dark }))),
  );
  it.each(cases)(
    '$name fits $width points, dark: $dark, without a barrier or an error',
    async (one) => {
      const { name, width, dark } = one;
      const snapshot = samples[name as keyof typeof samples];
      await visit({ width, dark, snapshot }, async (page) => {
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide).toBe(width);
        const picture = await page.screenshot();
        expect(picture.length).toBeGreaterThan(15_000);
        // Two hundred rows take long to look through, and are like those of the others.
        const where = name === 'many' ? '.pager' : 'body';
        expect(await barriers(page, where)).toEqual([]);
        expect(complaints).toEqual([]);
      });
    },
  );

  it('tells a change by itself and aloud, and leaves the keyboard where it was', async () => {
    await visit({}, async (page) => {
      await page.locator('#q').focus();
      await page.keyboard.type('auth');
      await page.waitForURL(/q=auth/);
      expect(await page.locator('#said').textContent()).toBe('');
      server.snapshot = samples.degraded;
      await page.locator('.problem').first().waitFor();
      expect(await page.locator('#said').textContent()).toMatch(/^Degraded: 3 problems: /);
      expect(await page.title()).toContain('Degraded');
      expect(await page.evaluate('document.activeElement.id')).toBe('q');
      expect(await page.locator('#q').inputValue()).toBe('auth');
      expect(await page.locator('#feeds tbody tr').count()).toBe(8);
      server.snapshot = samples.healthy;
      await page.locator('.well').waitFor();
      expect(await page.locator('#said').textContent()).toBe('Healthy');
      expect(complaints).toEqual([]);
    });
  });

  it('is used with the keyboard alone: skip, sort, filter, problems only', async () => {
    await visit({ snapshot: samples.degraded }, async (page) => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to feeds');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('q');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.waitForURL(/problems=1/);
      await soon(() => page.locator('#feeds tbody tr').count()).toBe(10);
      // Past the region of the table, which scrolls with the arrow keys, to the heads.
      for (let press = 0; press < 3; press += 1) await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Account');
      await page.keyboard.press('Enter');
      await soon(() => page.locator('th[aria-sort=ascending]').textContent()).toContain('Account');
      expect(await page.evaluate('document.activeElement.textContent')).toContain('Account');
      expect(await firstRow(page)).toContain(' DA4 ');
      await page.keyboard.press('Enter');
      await soon(() => page.locator('th[aria-sort=descending]').textContent()).toContain('Account');
      expect(complaints).toEqual([]);
    });
  });

  it('shows problems only where an address says #problems', async () => {
    await visit({ snapshot: samples.degraded, path: '#problems' }, async (page) => {
      await soon(() => page.locator('#feeds tbody tr').count()).toBe(10);
      expect(await page.locator('#only').isChecked()).toBe(true);
      await page.locator('#only').uncheck();
      await soon(() => page.locator('#feeds tbody tr').count()).toBe(24);
      expect(page.url()).toBe(server.url);
      await page.keyboard.press('Control+Home');
      await page.getByRole('link', { name: 'Skip to problems' }).press('Enter');
      await page.waitForURL(/#h-problems$/);
      expect(await page.locator('#only').isChecked()).toBe(false);
    });
  });

  it('works without script: problems, order, filter and pages', async () => {
    await visit({ script: false, snapshot: samples.degraded }, async (page) => {
      expect(await page.locator('.problem').count()).toBe(3);
      await page.getByRole('button', { name: 'Log', exact: true }).click();
      expect(await firstRow(page)).toMatch(/^activity /);
      await page.locator('#q').fill('globex');
      await page.keyboard.press('Enter');
      await page.waitForURL(/q=globex/);
      expect(await page.locator('#feeds tbody tr').count()).toBe(6);
      expect(page.url()).toContain('sort=log');
    });
    await visit({ script: false, snapshot: samples.many }, async (page) => {
      expect(await page.locator('#feeds tbody tr').count()).toBe(200);
      await page.getByRole('button', { name: 'Next', exact: true }).click();
      expect(await page.locator('.pager').textContent()).toContain('201 to 400 of 10,000');
    });
  });

  it('says since when there is no answer, and goes on by itself when there is one', async () => {
    await visit({}, async (page) => {
      server.isGone = true;
      await page.locator('#dead:not([hidden])').waitFor();
      expect(await page.locator('#dead').textContent()).toMatch(
        /^No answer since \d\d:\d\d:\d\dZ \(it does not run, or cannot be reached\)/,
      );
      expect(await page.title()).toContain('No answer');
      server.isGone = false;
      await page.locator('#dead[hidden]').waitFor({ state: 'attached' });
      expect(await page.title()).toContain('Healthy');
    });
  });

  it('asks for the token as a password, and goes on with it by itself', async () => {
    const token = 'a-token-of-this-test';
    const guarded = await startPage(samples.healthy, token);
    try {
      const open = async (password?: string) => {
        const login = { httpCredentials: { username: 'admin', password: password ?? '' } };
        const context = await browser.newContext(password === undefined ? {} : login);
        return context.newPage();
      };
      // Without a window there is nobody to ask.
      await expect((await open()).goto(guarded.url)).rejects.toThrow('AUTH_CREDENTIALS');
      const refused = await open('another');
      expect((await refused.goto(guarded.url))?.status()).toBe(401);
      expect(await refused.locator('#main').count()).toBe(0);
      const page = await open(token);
      expect((await page.goto(guarded.url))?.status()).toBe(200);
      expect(await page.title()).toContain('Healthy');
      guarded.snapshot = samples.degraded;
      await page.locator('.problem').first().waitFor();
      await Promise.all(browser.contexts().map((context) => context.close()));
    } finally {
      await guarded.close();
    }
  });

  it('does not ask while nobody looks', async () => {
    await visit({}, async (page) => {
      const hide = (hidden: boolean): Promise<unknown> =>
        page.evaluate(
          `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
           document.dispatchEvent(new Event('visibilitychange'))`,
        );
      await hide(true);
      const { asked } = server;
      await page.waitForTimeout(3_000);
      expect(server.asked).toBe(asked);
      await hide(false);
      await soon(() => server.asked).toBeGreaterThan(asked);
    });
  });

  it('takes in 10,000 feeds quickly, and every order of them', async () => {
    await visit({ snapshot: samples.many }, async (page) => {
      // In the page, because the way to it and back is not what is measured.
      await page.evaluate(`{
        addEventListener('click', () => { window.clickedMs = performance.now(); }, true);
        new MutationObserver(() => {
          const head = document.querySelector('th[aria-sort=descending]');
          if (head?.textContent.includes('24 hours')) window.sortedMs ??= performance.now();
        }).observe(document, { subtree: true, childList: true, attributes: true });
      }`);
      await page.getByRole('button', { name: '24 hours' }).click();
      await page.locator('th[aria-sort=descending]', { hasText: '24 hours' }).waitFor();
      const ms = await page.evaluate('window.sortedMs - window.clickedMs');
      expect(ms).toBeLessThan(3_000);
      await page.getByRole('button', { name: 'Next', exact: true }).click();
      await page.getByText('201 to 400 of 10,000').waitFor();
      await page.locator('#q').fill('0007');
      await soon(() => page.locator('#feeds tbody tr').count()).toBe(5);
      expect(complaints).toEqual([]);
    });
  });

  it('runs nothing that a name or a message holds', async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'>`;
    const [problem] = samples.degraded.problems;
    if (problem === undefined) throw new Error('a problem is missing');
    const snapshot: Snapshot = {
      ...samples.degraded,
      config: evil,
      problems: [{ ...problem, what: evil, message: evil, remedy: evil }],
      feeds: samples.degraded.feeds.map((feed) => ({ ...feed, account: evil, id: evil + feed.id })),
    };
    await visit({ snapshot, path: `?q=${encodeURIComponent(evil)}` }, async (page) => {
      expect(await page.locator('.problem h3 bdi').textContent()).toBe(evil);
      expect(await page.locator('img').count()).toBe(0);
      await page.waitForTimeout(2_500);
      expect(complaints).toEqual([]);
    });
  });
});
