import type { Report } from '../../schemas/report.js';
import { duration } from '../duration.js';
import { type Html, html } from './html.js';
import { table } from './table.js';

/** What ran, with which options, and the hash of everything that came out of it. */
export function provenanceSection(report: Report): Html {
  const { engine, backend, node, stages } = report.provenance;
  return html`<section id="provenance"><h2>Pipeline and provenance</h2>
<p>Spikewright ${report.spikewrightVersion}, engine ${engine} on ${backend}, Node ${node}, seed ${report.seed}. Equal inputs,
options, seed and backend give equal hashes.</p>
${table(
  'Stages and what they made',
  [
    { title: 'Stage', cell: ({ stage }) => stage },
    { title: 'File', cell: ({ file }) => file },
    { title: 'sha256', cell: ({ sha256 }) => html`<code title="${sha256}">${sha256.slice(0, 16)}…</code>` },
    { title: 'Took', cell: ({ seconds }) => (seconds === 0 ? '' : duration(seconds)), numeric: true },
    {
      title: 'Options',
      cell: ({ options, seconds }) => (seconds === 0 ? '' : html`<code class="options">${settings(options)}</code>`),
    },
  ],
  stages,
)}</section>
`;
}

/** Options as words: "attack.kind pgd, seed 1" of their JSON text. */
function settings(options: string): string {
  const visit = (value: unknown, path: string): string[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [`${path} ${Array.isArray(value) ? value.join(' ') : String(value)}`];
    }
    return Object.entries(value).flatMap(([key, inner]) => visit(inner, path === '' ? key : `${path}.${key}`));
  };
  return visit(JSON.parse(options), '').join(', ');
}
