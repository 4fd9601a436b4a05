import { type EChartsOption, init } from 'echarts';
import { Html, html } from './html.js';

/**
 * Colours of plots as they are given to the renderer, and the page's style property that takes each one's place: so one
 * drawing serves light and dark.
 */
export const ink = {
  text: '#010101',
  faint: '#020202',
  grid: '#030303',
  paper: '#040404',
  first: '#050505',
  second: '#060606',
  third: '#070707',
  fourth: '#080808',
} as const;

/** The page's width, for most plots. */
const CHART_WIDTH = 860;

/** Draws a plot as SVG that scales to the width of its place; `label` says in words what it shows. */
export function chart(label: string, height: number, option: EChartsOption, width = CHART_WIDTH): Html {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawing.setOption({
      animation: false,
      textStyle: { color: ink.text, fontFamily: 'system-ui, sans-serif', fontSize: 13 },
      ...option,
    });
    const drawn = stillPicture(drawing.renderToSVGString());
    const open = html`<svg role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">`;
    return new Html(open.text + drawn.slice(drawn.indexOf('>') + 1));
  } finally {
    drawing.dispose();
  }
}

/** The drawing without what serves pointers, in the page's colours. */
function stillPicture(svg: string): string {
  let text = svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class="zr[^"]*"|ecmeta_[a-z_]+="[^"]*"|pointer-events="[^"]*")/g, '');
  // Hollow marks are filled with white, which is the page's paper in light alone.
  text = text.replaceAll('fill="#fff"', 'fill="var(--paper)"');
  for (const [name, colour] of Object.entries(ink)) text = text.replaceAll(`"${colour}"`, `"var(--${name})"`);
  return text;
}

/** Axis settings that all plots share. */
export const axisStyle = {
  axisLine: { lineStyle: { color: ink.faint } },
  axisTick: { lineStyle: { color: ink.faint } },
  axisLabel: { color: ink.text, fontSize: 13 },
  splitLine: { lineStyle: { color: ink.grid } },
} as const;

/** The name of a left axis, above it. */
export const leftName = { nameTextStyle: { color: ink.faint, fontSize: 13, align: 'left' } } as const;
/** The name of a right axis, above it. */
export const rightName = { nameTextStyle: { color: ink.faint, fontSize: 13, align: 'right' } } as const;

/** The legend of a plot with several series, at its top right. */
export const legendStyle = {
  right: 8,
  top: 0,
  itemHeight: 10,
  itemGap: 18,
  textStyle: { color: ink.text, fontSize: 13 },
} as const;

/** Room for axis names and labels. */
export const gridStyle = { left: 10, right: 16, top: 40, bottom: 10, containLabel: true } as const;
