import { Html, html } from './html.js';
import { pageStyle } from './page-style.js';

/** Forbids a page everything but its own style sheet and the images inside it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A whole page around a body: one file, nothing fetched. `script` is trusted text that runs in it; none unless given. */
export function pageFrame(title: string, body: Html, script: Script | null = null): string {
  const policy = script === null ? POLICY : `${POLICY}; script-src 'nonce-${script.nonce}'; connect-src 'self'`;
  const element =
    script === null
      ? ''
      : html`<script nonce="${script.nonce}">${new Html(script.text)}</script>
`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${title} – Spikewright</title>
<style>${new Html(pageStyle)}</style>
</head>
<body>
${body}${element}</body>
</html>
`.text;
}

/** A page's own script; `nonce` is new for each page that is served. */
export interface Script {
  readonly text: string;
  readonly nonce: string;
}
