// A real browser, for the tests and pictures of the status page: Debian's Chromium, unpacked under .cache
// as the other real programs are. Plain JavaScript: scripts run it before anything is built.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { debianProgram } from './debian.mjs';

const packages = ['chromium', 'fonts-dejavu-core', 'fonts-inter'];

/** Without a window and, because the user may be root, without its own sandbox: it only sees pages of this project. */
export async function openBrowser() {
  const { program, root, env } = debianProgram(packages, 'usr/lib/chromium/chromium');
  return chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars'],
    env: { ...env, FONTCONFIG_FILE: fontSettings(root), HOME: join(root, 'tmp') },
  });
}

/** The fonts of the packages alone, so that a picture is the same on every machine. */
function fontSettings(root) {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const file = join(root, 'tmp', 'fonts.conf');
  const alias = (family, name) =>
    `<alias><family>${family}</family><prefer><family>${name}</family></prefer></alias>`;
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${join(root, 'usr/share/fonts')}</dir><cachedir>${join(root, 'tmp', 'fontcache')}</cachedir>
${alias('sans-serif', 'Inter')}${alias('system-ui', 'Inter')}${alias('monospace', 'DejaVu Sans Mono')}
</fontconfig>`,
  );
  return file;
}
