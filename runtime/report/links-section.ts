import type { EChartsOption } from 'echarts';
import { axisStyle, chart, gridStyle, ink } from './chart.js';
import type { ChipPart } from './chip-part.js';
import { type Html, html } from './html.js';
import { countText, meanText, shareText } from './number-text.js';
import { figure, table } from './table.js';

/** How the messages spread over the links of the mesh. */
export function linksSection({ links, timing }: ChipPart): Html {
  if (links === null) {
    return html`<section id="links"><h2>Link load</h2><p>Not measured: this run had timing ${timing}.</p></section>
`;
  }
  if (links.length === 0) {
    return html`<section id="links"><h2>Link load</h2><p>No message left its tile.</p></section>
`;
  }
  const shown = links.reduce((sum, { messages }) => sum + messages, 0);
  return html`<section id="links"><h2>Link load</h2>
<p>Messages per sample on the ${countText(links.length)} busiest links; each is named by the tile it leaves and its direction.</p>
${figure(
  chart('Bars: messages per sample on each of the busiest links', 60 + 19 * links.length, plot(links)),
  table(
    'Busiest links, messages per sample',
    [
      { title: 'Link', cell: ({ link }) => link },
      { title: 'Messages', cell: ({ messages }) => meanText(messages), numeric: true },
      { title: 'Share of those shown', cell: ({ messages }) => shareText(messages / shown), numeric: true },
    ],
    links,
  ),
)}</section>
`;
}

function plot(links: NonNullable<ChipPart['links']>): EChartsOption {
  return {
    grid: { ...gridStyle, top: 10, right: 30, bottom: 30 },
    xAxis: {
      type: 'value',
      name: 'Messages per sample',
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: ink.faint, fontSize: 13 },
      ...axisStyle,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: links.map(({ link }) => link),
      ...axisStyle,
      axisLabel: { ...axisStyle.axisLabel, fontSize: 12, interval: 0 },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '25%',
        itemStyle: { color: ink.third },
        data: links.map(({ messages }) => messages),
      },
    ],
  };
}
