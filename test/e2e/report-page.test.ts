import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportPage } from '../../runtime/report/page.js';
import { sweepPage } from '../../runtime/report/sweep-page.js';
import { checkJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import { sampleReport } from '../runtime/report/sample-report.js';
import { sampleSweep } from '../runtime/report/sample-sweep.js';
import { violations } from './accessibility.js';
import { launchBrowser } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-page-'));
const report = sampleReport();
let browser: Browser;
let page: Page;
const requests: string[] = [];
const complaints: string[] = [];

/** Opens a page in the browser, noting what it asks for and what it complains about. */
async function open(html: string, name: string): Promise<Page> {
  const path = join(folder, name);
  writeFileSync(path, html);
  const opened = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  opened.on('request', (request) => requests.push(request.url()));
  opened.on('console', (message) => complaints.push(message.text()));
  opened.on('pageerror', (error) => complaints.push(error.message));
  await opened.goto(pathToFileURL(path).href);
  return opened;
}

beforeAll(async () => {
  browser = await launchBrowser();
  page = await open(reportPage(report), 'report.html');
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

describe('the report page', () => {
  test('asks for nothing but itself and the images inside it, and complains about nothing', () => {
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([
      pathToFileURL(join(folder, 'report.html')).href,
    ]);
    expect(complaints).toEqual([]);
  });

  test('shows the key figures of the JSON', async () => {
    const { chip, levels } = report;
    const text = async (id: string): Promise<string> =>
      (await page.locator(`#figure-${id}`).innerText()).replace(/\s+/g, ' ');
    expect(await text('clean')).toContain(
      `${((100 * levels.chip.clean.correct) / levels.chip.clean.total).toFixed(1)} %`,
    );
    expect(await text('robust')).toContain(
      `${((100 * levels.chip.robust.correct) / levels.chip.robust.total).toFixed(1)} %`,
    );
    expect(await text('latency')).toContain(`${(chip.latencySeconds! * 1e6).toPrecision(3)} µs`);
    expect(await text('energy')).toContain(`${(chip.energyJoules! * 1e6).toPrecision(3)} µJ`);
    expect(await text('spikes')).toContain('11,691');
    expect(await text('active')).toContain('17.3 %');
    expect(await text('synops')).toContain('1,692,385');
    expect(await text('cores')).toContain('31 ');
  });

  test('draws every plot with marks inside its frame', async () => {
    const plots = page.locator('figure > svg[role=img]');
    // Accuracy, attacks by radius, transfer, members, queries, agreement, activity, energy, latency, a core map three times, links,
    // finetuning, its thresholds, and the outputs of three examples.
    expect(await plots.count()).toBe(18);
    for (const plot of await plots.all()) {
      expect(await plot.getAttribute('aria-label')).toMatch(/\w/);
      const frame = (await plot.boundingBox())!;
      expect(frame.width).toBeGreaterThan(200);
      expect(frame.height).toBeGreaterThan(100);
      const marks = await plot
        .locator('path[fill^="var("], path[stroke^="var("], rect[fill^="hsl"], rect[fill^="var("]')
        .all();
      expect(marks.length).toBeGreaterThan(4);
      for (const label of await plot.locator('text').all()) {
        const box = (await label.boundingBox())!;
        expect(box.x).toBeGreaterThanOrEqual(frame.x - 1);
        expect(box.x + box.width).toBeLessThanOrEqual(frame.x + frame.width + 1);
      }
    }
  });

  test('draws bars as high as their figures', async () => {
    const heights: number[] = [];
    const plot = page.locator('#accuracy svg');
    for (const bar of await plot.locator('path[fill="var(--first)"]').all()) {
      const box = (await bar.boundingBox())!;
      // The legend's sample is flat.
      if (box.height > 20) heights.push(box.height);
    }
    const shares = Object.values(report.levels).map(({ clean }) => clean.correct / clean.total);
    expect(heights).toHaveLength(shares.length);
    for (const [index, share] of shares.entries()) {
      expect(heights[index]! / heights[0]!).toBeCloseTo(share / shares[0]!, 1);
    }
  });

  test('has the numbers of each plot as a table behind a summary that the keyboard opens', async () => {
    const details = await page.locator('details').all();
    expect(details.length).toBeGreaterThanOrEqual(6);
    for (const entry of details) {
      await entry.locator('summary').focus();
      await page.keyboard.press('Enter');
      expect(await entry.locator('table').first().isVisible()).toBe(true);
      expect(await entry.locator('tbody tr').count()).toBeGreaterThan(0);
    }
    const row = page.locator('#activity tbody tr', { hasText: 'conv2' });
    expect(await row.innerText()).toContain('812,345');
  });

  test('has in its tables what the plots are drawn from', async () => {
    const cells = async (section: string, column: number): Promise<string[]> =>
      page
        .locator(`${section} tbody tr > :nth-child(${column})`)
        .evaluateAll((found) => found.map((c) => c.textContent ?? ''));
    expect((await cells('#links', 2)).map(Number)).toEqual([812.3, 401, 17]);
    const { cores } = report.coreMap;
    expect(await cells('#cores', 1)).toEqual(cores.map(({ chip, core }) => `${chip}/${core}`));
    expect((await cells('#cores', 7)).map((text) => Number(text.replace(',', '')))).toEqual(
      cores.map(({ messagesIn }) => messagesIn),
    );
    const strengths = page.locator('#robustness figure').first().locator('tbody tr');
    const shown = await strengths.allInnerTexts();
    const all = [...report.strengths!.map(({ robust }) => robust.chip), report.levels.chip.robust];
    expect(shown.map((row) => row.split('\t').at(-1)!.split('\u202f')[0])).toEqual(
      all.map(({ correct, total }) => ((100 * correct) / total).toFixed(1)),
    );
    const outputs = await cells('#examples .example:first-child details', 2);
    expect(outputs.map(Number)).toEqual(report.examples[0]!.outputs.clean.map((value) => Number(value.toPrecision(4))));
  });

  test('draws core maps whose strongest core is the one with the highest figure', async () => {
    const strongest = async (map: number): Promise<string> => {
      const rects = page.locator('#cores svg').nth(map).locator('rect[fill-opacity="1.000"]');
      expect(await rects.count()).toBe(1);
      return (await rects.locator('title').textContent()) ?? '';
    };
    const { cores } = report.coreMap;
    const traffic = cores.map(({ messagesIn, messagesOut }) => messagesIn + messagesOut);
    const heat = cores.map(({ energyJoules }) => energyJoules);
    expect(await strongest(1)).toMatch(new RegExp(`^core ${traffic.indexOf(Math.max(...traffic))}:`));
    expect(await strongest(2)).toMatch(new RegExp(`^core ${heat.indexOf(Math.max(...heat))}:`));
  });

  test.each(['light', 'dark'] as const)('breaks no rule of accessibility in %s', async (colorScheme) => {
    expect(await violations(page, colorScheme)).toEqual([]);
  });

  test('is walked by the keyboard from the skip link through every section, in order', async () => {
    const fresh = await open(reportPage(report), 'keyboard.html');
    const stops: string[] = [];
    for (let k = 0; k < 200; k += 1) {
      await fresh.keyboard.press('Tab');
      const stop = await fresh.evaluate(
        'document.activeElement === document.body ? "" : document.activeElement.className + "|" + (document.activeElement.closest("section")?.id ?? document.activeElement.getAttribute("href"))',
      );
      if (stop === '') break;
      stops.push(String(stop));
    }
    expect(stops[0]).toBe('skip|#accuracy');
    const sections = await fresh.locator('main > section').evaluateAll((found) => found.map(({ id }) => id));
    const links = stops.slice(1, 1 + sections.length).map((stop) => stop.split('|')[1]);
    expect(links).toEqual(sections.map((id) => `#${id}`));
    const visited = stops.slice(1 + sections.length).map((stop) => stop.split('|')[1]!);
    expect([...new Set(visited)]).toEqual(sections);
    await fresh.close();
  });

  test('follows the reader’s colours and keeps text legible in both', async () => {
    const colours = async (scheme: 'light' | 'dark') => {
      await page.emulateMedia({ colorScheme: scheme });
      return page.evaluate(
        '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
      ) as Promise<string[]>;
    };
    const light = (await colours('light')).map(luminance);
    const dark = (await colours('dark')).map(luminance);
    // Contrast as WCAG 2 defines it; 7 is its strictest level.
    const contrast = ([a = 0, b = 0]: number[]): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    expect(contrast(light)).toBeGreaterThan(7);
    expect(contrast(dark)).toBeGreaterThan(7);
    expect(light[1]).toBeGreaterThan(dark[1]!);
  });

  test('scrolls sideways only inside its tables, also on a narrow screen', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    await page.setViewportSize({ width: 1100, height: 900 });
  });

  test('shows every table that is not folded whole: texts wrap, such as verdicts', async () => {
    const hidden = await page
      .locator('.scroll')
      .evaluateAll((all) =>
        all
          .filter((region) => region.closest('details') === null && region.scrollWidth > region.clientWidth)
          .map((region) => region.getAttribute('aria-label')),
      );
    expect(hidden).toEqual([]);
    expect(await page.locator('#robustness td', { hasText: 'not enough samples' }).count()).toBeGreaterThan(0);
  });

  test('prints', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('nav').isVisible()).toBe(false);
    // An A4 page with its margins is about 720 px wide; nothing may lie beyond it.
    await page.setViewportSize({ width: 720, height: 1000 });
    for (const part of await page.locator('table, svg').all()) {
      const box = await part.boundingBox();
      if (box !== null) expect(box.x + box.width).toBeLessThanOrEqual(721);
    }
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    await page.setViewportSize({ width: 1100, height: 900 });
  });

  test('shows hostile names as text', async () => {
    const hostile = '</td><script>document.title = "taken"</script><img src=x onerror=alert(1)>"\'&';
    const changed = sampleReport({
      name: hostile,
      target: hostile,
      classNames: new Array(10).fill(hostile),
      layers: report.layers.map((layer) => ({ ...layer, name: hostile })),
    });
    checkJson<Report>('report', structuredClone(changed), 'sample');
    const attacked = await open(reportPage(changed), 'hostile.html');
    expect(await attacked.title()).toContain(hostile);
    expect(await attacked.locator('h1').innerText()).toContain('<script>');
    expect(await attacked.locator('script').count()).toBe(0);
    expect(await attacked.locator('img[src="x"]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('the page of a sweep', () => {
  const sweep = sampleSweep();
  const points = Object.values(sweep.points);

  test('asks for nothing, breaks no rule of accessibility, and has every point in its tables', async () => {
    const opened = await open(sweepPage(sweep), 'sweep.html');
    for (const scheme of ['light', 'dark'] as const) expect(await violations(opened, scheme)).toEqual([]);
    const rows = await opened.locator('#points tbody tr').allInnerTexts();
    const measured = points.filter(({ robust }) => robust !== null);
    expect(rows).toHaveLength(measured.length);
    for (const [k, { weightBits, robust, onFront }] of measured.entries()) {
      expect(rows[k]).toContain(`${weightBits}`);
      expect(rows[k]).toContain(`${((100 * robust!.correct) / robust!.total).toFixed(1)}`);
      expect(rows[k]).toMatch(onFront ? /yes$/ : /no$/);
    }
    expect(await opened.locator('#refused tbody tr').innerText()).toContain('no <b>weights</b>, none');
    await opened.setViewportSize({ width: 400, height: 800 });
    expect(await opened.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    expect(complaints).toEqual([]);
    await opened.close();
  });

  test('draws cheaper points further left and more robust ones higher', async () => {
    const opened = await open(sweepPage(sweep), 'scatter.html');
    const plot = opened.locator('#front svg').first();
    // The legend's sample is the first of its colour.
    const front = (await plot.locator('path[fill="var(--second)"]').all()).slice(-2);
    const [a, b] = [(await front[0]!.boundingBox())!, (await front[1]!.boundingBox())!];
    const [left, right] = a.x < b.x ? [a, b] : [b, a];
    // Of the two on the front the 4-bit one costs less and keeps less.
    expect(left.y).toBeGreaterThan(right.y);
    await opened.close();
  });
});

/** Relative luminance of "rgb(r, g, b)" as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [...colour.matchAll(/[\d.]+/g)].map(([channel]) => {
    const share = Number(channel) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
