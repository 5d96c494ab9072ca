// The pictures of the status page in docs/screenshots, taken anew: npm run docs:screenshots. Needs Debian's
// packages, so nobody else's machine must take them; the page in them is made of the samples of the tests.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { degradedSample, healthySample, manySample } from '../dist/scripts/status-samples.js';
import { pageOf } from '../dist/src/web/page/page.js';
import { viewOf } from '../dist/src/web/page/view.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'screenshots');
const address = 'http://status.test/';

const pictures = [
  { name: 'status-healthy', snapshot: healthySample(), width: 1440, height: 900 },
  { name: 'status-degraded', snapshot: degradedSample(), width: 1200, query: 'problems=1' },
  {
    name: 'status-degraded-dark',
    snapshot: degradedSample(),
    width: 900,
    dark: true,
    height: 1100,
  },
  { name: 'status-phone', snapshot: degradedSample(), width: 390, height: 1100 },
  { name: 'status-10000-feeds', snapshot: manySample(), width: 1440, height: 900 },
];

const browser = await openBrowser();
try {
  mkdirSync(folder, { recursive: true });
  for (const { name, snapshot, width, dark = false, height, query = '' } of pictures) {
    const page = await browser.newPage({
      viewport: { width, height: height ?? 900 },
      colorScheme: dark ? 'dark' : 'light',
    });
    const body = pageOf(snapshot, 'cGljdHVyZQ', viewOf(new URLSearchParams(query)));
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto(address);
    const picture = await page.screenshot({ fullPage: height === undefined });
    writeFileSync(join(folder, `${name}.png`), picture);
    console.log(`docs/screenshots/${name}.png ${Math.round(picture.length / 1024)} kB`);
    await page.close();
  }
} finally {
  await browser.close();
}
