import type { Browser } from 'playwright-core';

/** Debian's Chromium without a window, unpacked under .cache on the first call. */
export function openBrowser(): Promise<Browser>;
