import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProgress } from '../../runtime/pipeline/progress-recorder.js';
import { type LiveServer, serveRun } from '../../runtime/serve/live-server.js';
import { violations } from './accessibility.js';
import { launchBrowser } from './browser.js';
import { type Running, spikewright, start } from './command-line.js';
import { tinyOnnx, tinyRun } from './tiny-network.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-live-'));
const model = join(folder, 'tiny.onnx');
const servers: LiveServer[] = [];
let browser: Browser;
const complaints: string[] = [];
const requests: string[] = [];

/** Writes a run whose finetuning can be watched, and gives the path of its configuration. */
function configOf(name: string): string {
  const config = tinyRun(model, join(folder, name));
  const path = join(folder, `${name}.json`);
  const attack = { ...config.attack, others: [{ kind: 'fgsm', epsilon: 0.2 }], otherSamples: 4 };
  writeFileSync(path, JSON.stringify({ ...config, finetune: { ...config.finetune, epochs: 24 }, attack }));
  return path;
}

/** Serves the run in the folder `name` in this process, and gives the address. */
async function serve(name: string): Promise<string> {
  const server = await serveRun(join(folder, name), '127.0.0.1', 0);
  servers.push(server);
  return server.url;
}

/** The first address that a process prints. */
function printedUrl({ process, ended }: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    process.stdout?.on('data', (chunk) => {
      text += chunk;
      const url = /http:\/\/\S+/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    });
    ended.then(({ stderr }) => reject(new Error(stderr)));
  });
}

async function open(url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  page.on('request', (asked) => requests.push(asked.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return page;
}

const state = (page: Page): Promise<string> => page.locator('#state').innerText();

/** Asks the server for a path as it stands, which a browser or `fetch` would tidy up first. */
function ask(url: string, path: string, options: { readonly host?: string; readonly method?: string } = {}) {
  const { hostname, port, host } = new URL(url);
  const { method = 'GET' } = options;
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const headers = { Host: options.host ?? host };
    const asked = request({ hostname, port, path, method, headers, setHost: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

beforeAll(async () => {
  writeFileSync(model, tinyOnnx());
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true });
});

describe('the page that follows a run', () => {
  test('shows stages, curves and core map as they come, then the report', async () => {
    const server = start(['report', join(folder, 'watched'), '--serve', '--port', '0']);
    const url = await printedUrl(server);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    const page = await open(url);
    await page.locator('#state', { hasText: 'No run has begun' }).waitFor();
    const run = start(['run', '--config', configOf('watched'), '--workers', '1', '--quiet']);
    const bar = page.locator('#stages progress[aria-label=finetune]');
    await bar.waitFor();
    await page.locator('#training svg').waitFor();
    // Held still while it is looked at, so that it cannot end meanwhile.
    run.process.kill('SIGSTOP');
    expect(Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
    expect(await state(page)).toBe('finetune, stage 3 of 7');
    const latest = page.locator('#training tbody').first();
    expect(await latest.isVisible()).toBe(false);
    await page.locator('#training summary').press('Enter');
    expect(await latest.isVisible()).toBe(true);
    expect(await violations(page, 'light')).toEqual([]);
    const before = await latest.innerText();
    run.process.kill('SIGCONT');
    await expect.poll(async () => latest.innerText(), { timeout: 60_000 }).not.toBe(before);
    // What the reader opened stays open while the section changes.
    expect(await latest.isVisible()).toBe(true);
    await page.locator('#cores svg').first().waitFor({ timeout: 120_000 });
    await page.locator('#figure-clean').waitFor({ timeout: 120_000 });
    expect((await run.ended).code).toBe(0);
    expect(await page.locator('h1').innerText()).toContain('tiny on loihi1');
    const { levels, strengths } = JSON.parse((await ask(url, '/report.json')).text);
    expect(strengths).toMatchObject([
      { method: 'fgsm', epsilon: 0.2, steps: 1, samples: 4, robust: { chip: { total: 4 } } },
    ]);
    expect(strengths[0].robust.chip).toEqual(strengths[0].robust.twin);
    const { correct, total } = levels.chip.clean;
    expect(await page.locator('#figure-clean').innerText()).toContain(`${((100 * correct) / total).toFixed(1)}`);
    expect(complaints).toEqual([]);
    expect(requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith('data:'))).toEqual([]);
    const taken = await spikewright('report', folder, '--serve', '--port', new URL(url).port);
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('another program listens there') });
    server.process.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    await page.close();
  });

  test('tells that a run was killed, of which report writes what there is and what is missing', async () => {
    const run = start(['run', '--config', configOf('killed'), '--workers', '1', '--quiet']);
    const page = await open(await serve('killed'));
    await page.locator('#training svg').waitFor();
    run.process.kill('SIGKILL');
    await run.ended;
    const words =
      'Interrupted: the process that ran it is gone; missing: finetune, compile, simulate, verify, strengths';
    await page.locator('#state', { hasText: words }).waitFor();
    const before = readdirSync(join(folder, 'killed'));
    const reported = await spikewright('report', join(folder, 'killed'));
    expect(reported).toMatchObject({ code: 1, stderr: expect.stringContaining('SW6031') });
    expect(reported.stderr).toContain('missing: finetune, compile, simulate, verify, strengths');
    expect(readdirSync(join(folder, 'killed')).sort()).toEqual([...before, 'unfinished.html'].sort());
    const partial = readFileSync(join(folder, 'killed', 'unfinished.html'), 'utf8');
    expect(partial).toContain('thresholds');
    expect(partial).not.toContain('<script');
    expect(await readProgress(join(folder, 'killed'))).toMatchObject({ state: 'running' });
  });
});

describe('the page that follows a sweep', () => {
  test('shows what the points came to and the stages of the one at work, then the front', async () => {
    const out = join(folder, 'swept');
    const page = await open(await serve('swept'));
    await page.locator('#state', { hasText: 'No run has begun' }).waitFor();
    const axes = ['--threshold-scales', '0.3', '0.5', '--targets', 'loihi1', 'truenorth'];
    const sweep = start(['sweep', '--run', configOf('point'), ...axes, '--out', out, '--workers', '1', '--quiet']);
    await page.locator('#state', { hasText: /^point 3 of 4 \(.* x0\.5 .*\): finetune, stage 3 of 6$/ }).waitFor({
      timeout: 120_000,
    });
    await page.locator('#training svg').waitFor();
    sweep.process.kill('SIGSTOP');
    const rows = page.locator('#points tbody tr');
    const states = await rows.locator('td:nth-child(2)').allInnerTexts();
    expect(states).toEqual(['measured', 'refused', 'running', 'waiting']);
    expect(await rows.nth(0).innerText()).toMatch(/loihi1 .* x0\.3 .*clean .*, attacked .*J, .*s$/);
    expect(await rows.nth(1).innerText()).toMatch(/truenorth .*SW2\d{3}$/);
    expect(await violations(page, 'light')).toEqual([]);
    expect(await spikewright('report', out, '--out', join(folder, 'partly.html'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('point 3 of 4'),
    });
    sweep.process.kill('SIGCONT');
    await page.locator('#front svg').first().waitFor({ timeout: 120_000 });
    expect((await sweep.ended).code).toBe(0);
    expect(complaints).toEqual([]);
    const written = readFileSync(join(out, 'sweep.html'), 'utf8');
    rmSync(join(out, 'sweep.html'));
    expect(await spikewright('report', out)).toMatchObject({ code: 0, stdout: expect.stringMatching(/SW2\d{3} /) });
    expect(readFileSync(join(out, 'sweep.html'), 'utf8')).toBe(written);
    await page.close();
  });

  test('tells how far one came that was stopped', async () => {
    const out = join(folder, 'stopped');
    const page = await open(await serve('stopped'));
    const bits = ['--weight-bits', '8', '4'];
    const sweep = start(['sweep', '--run', configOf('bits'), ...bits, '--out', out, '--workers', '1', '--quiet']);
    await page.locator('#training svg').waitFor({ timeout: 60_000 });
    sweep.process.kill('SIGINT');
    expect((await sweep.ended).code).toBe(130);
    await page.locator('#state', { hasText: 'Interrupted as asked; missing: 2 of 2 points' }).waitFor();
    await page.close();
  });
});

describe('the server', () => {
  test('answers under its own address alone, three paths, and only to be read', async () => {
    const url = await serve('nothing');
    const { port } = new URL(url);
    expect((await ask(url, '/')).status).toBe(200);
    expect((await ask(url, '/', { host: `localhost:${port}` })).status).toBe(200);
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.1:1', '']) {
      expect({ host, status: (await ask(url, '/', { host })).status }).toEqual({ host, status: 421 });
    }
    for (const path of ['/../tiny.onnx', '/%2e%2e/tiny.onnx', '//etc/passwd', '/stage.json', '/report.json', '/?x']) {
      expect({ path, status: (await ask(url, path)).status }).toEqual({ path, status: 404 });
    }
    expect((await ask(url, '/', { method: 'POST' })).status).toBe(405);
  });

  test('ends even while somebody watches', async () => {
    const server = await serveRun(join(folder, 'nothing'), '127.0.0.1', 0);
    const page = await open(server.url);
    await page.locator('#state', { hasText: 'No run has begun' }).waitFor();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow();
    await page.close();
  });

  test('says so where an address is not this machine’s', async () => {
    await expect(serveRun(folder, '203.0.113.7', 0)).rejects.toThrow('SW6030');
  });
});
