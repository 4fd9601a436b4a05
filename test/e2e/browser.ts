import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from './chromium.js';

/** Starts the browser without a window; it asks nothing of the network by itself. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error('Chromium is missing: install it, or set CHROMIUM to its path.');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
