import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { failure, SpikewrightError } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { Report } from '../../schemas/report.js';
import type { SweepResult } from '../../schemas/sweep.js';
import { readRunState } from '../pipeline/run-state.js';
import { html } from '../report/html.js';
import { reportPage } from '../report/page.js';
import { pageFrame } from '../report/page-frame.js';
import { runView } from '../report/run-page.js';
import { sweepPage } from '../report/sweep-page.js';
import { readSweep } from '../sweep/sweep-files.js';
import { isAllowedHost } from './allowed-host.js';
import { liveScript } from './live-script.js';

/** How often the run's folder is looked at while somebody watches, in ms. */
const LOOK_EVERY = 500;
/** Pages that can watch at once. */
const WATCHERS_MAX = 32;
/** A request's head must be there by then, in ms. */
const HEADER_PATIENCE = 10_000;

/** A server that has begun to listen. */
export interface LiveServer {
  readonly url: string;
  /** Ends it, with every connection. */
  close(): Promise<void>;
}

/**
 * Serves the run or sweep in a folder: its report once it is finished, until then a page that follows it. It answers three fixed
 * addresses ("/", "/events", "/report.json") and never maps an address to a file. Port 0 takes a free one.
 * Throws SW6030 where the port cannot be had.
 */
export async function serveRun(folder: string, host: string, port: number): Promise<LiveServer> {
  const watchers = new Set<ServerResponse>();
  const server = createServer(
    { headersTimeout: HEADER_PATIENCE, requestTimeout: HEADER_PATIENCE },
    (request, response) => {
      answer(folder, host, actualPort(server), watchers, request, response).catch((error: unknown) => {
        if (!response.headersSent)
          reply(response, 500, 'text/plain', error instanceof Error ? error.message : String(error));
        else response.end();
      });
    },
  );
  await listen(server, host, port);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${actualPort(server)}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: 'another program listens there',
        EACCES: 'this user may not listen there',
        EADDRNOTAVAIL: 'this machine has no such address',
        ENOTFOUND: 'there is no such host',
      };
      const what = `${reasons[error.code ?? ''] ?? error.message}.`;
      reject(failure('SW6030', { where: `${host}, port ${port}`, what }, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}

function actualPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function answer(
  folder: string,
  host: string,
  port: number,
  watchers: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isAllowedHost(request.headers.host, port, host)) {
    return reply(response, 421, 'text/plain', 'This server answers under its own address only.');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return reply(response, 405, 'text/plain', 'Only GET and HEAD are answered.');
  }
  switch (request.url) {
    case '/':
      return reply(response, 200, 'text/html', await page(folder));
    case '/events':
      if (watchers.size >= WATCHERS_MAX) return reply(response, 503, 'text/plain', 'Too many pages watch already.');
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
      return watch(folder, response);
    case '/report.json': {
      const finished = await finishedResult(folder);
      if (finished === null) return reply(response, 404, 'text/plain', 'The run is not finished.');
      return reply(response, 200, 'application/json', `${JSON.stringify(finished.result, null, 2)}\n`);
    }
    default:
      return reply(response, 404, 'text/plain', 'There is nothing here.');
  }
}

function reply(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...headers, 'Content-Type': `${type}; charset=utf-8` });
  response.end(text);
}

/** The page's own policy stands in it; nothing may frame it, guess its type, keep it or learn its address. */
const headers = {
  'Content-Security-Policy': "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

async function page(folder: string): Promise<string> {
  const finished = await finishedResult(folder);
  if (finished !== null) return finished.page();
  const body = html`<header>
<h1>Run in ${folder}</h1>
<p class="verdict" role="status" id="state">Looking for the run</p>
<noscript><p>This page follows the run by a script; reload it to see how the run stands.</p></noscript>
</header>
<main></main>
`;
  return pageFrame(folder, body, { text: liveScript, nonce: randomBytes(16).toString('base64') });
}

/** What a finished run or sweep came to; null of one that goes on, was stopped, or has not begun. */
async function finishedResult(
  folder: string,
): Promise<{ readonly result: Report | SweepResult; page(): string } | null> {
  const state = await readRunState(folder);
  if (state !== null && state.state !== 'finished') return null;
  if (state?.progress.points !== undefined) {
    const result = await readSweep(folder);
    return result && { result, page: () => sweepPage(result) };
  }
  const path = join(folder, 'report.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const result = readJson<Report>('report', text, path);
  return { result, page: () => reportPage(result) };
}

/** Sends the view of the run whenever it changes, as server-sent events, until the reader goes or the run is finished. */
async function watch(folder: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
  let sent = '';
  while (!response.closed && !response.destroyed) {
    const event = await nextEvent(folder);
    if (event !== sent) {
      sent = event;
      response.write(event);
      if (event.startsWith('event: finished')) {
        response.end();
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY).unref());
  }
}

async function nextEvent(folder: string): Promise<string> {
  const send = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  try {
    const state = await readRunState(folder);
    if ((await finishedResult(folder)) !== null) return send('finished', null);
    if (state === null) return send('view', { words: 'No run has begun here yet', isStopped: false, sections: [] });
    const { words, sections } = runView(state);
    return send('view', {
      words,
      isStopped: state.state !== 'running',
      sections: sections.map(([id, section]) => [id, section.text]),
    });
  } catch (error) {
    if (!(error instanceof SpikewrightError)) throw error;
    return send('view', { words: error.diagnostics[0]!.what, isStopped: true, sections: [] });
  }
}
