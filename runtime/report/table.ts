import { type Html, type HtmlPart, html } from './html.js';

/** A column of a table of the page. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => HtmlPart;
  /** Numbers stand right. */
  readonly numeric?: true;
}

/** A table with a caption; the first column heads its rows. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const kind = ({ numeric }: Column<Row>): string => (numeric === true ? 'number' : 'text');
  const row = (entry: Row): Html => html`<tr>${columns.map((column, index) =>
    index === 0
      ? html`<th scope="row" class="${kind(column)}">${column.cell(entry)}</th>`
      : html`<td class="${kind(column)}">${column.cell(entry)}</td>`,
  )}</tr>
`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${kind(column)}">${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table></div>
`;
}

/** A plot with its numbers folded below it. */
export function figure(plot: Html, numbers: Html): Html {
  return html`<figure>
${plot}
<details><summary>The numbers</summary>
${numbers}</details>
</figure>
`;
}
