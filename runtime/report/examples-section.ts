import type { Report, ReportExample } from '../../schemas/report.js';
import { epsilonText, levels } from './accuracy-section.js';
import { type Html, html } from './html.js';
import { countText } from './number-text.js';

/** Test images with their adversarial twins, and what every level made of them. */
export function examplesSection(report: Report): Html {
  const { epsilon } = report.attack;
  return html`<section id="examples"><h2>Images and their adversarial twins</h2>
<p>The adversarial images are those that the chip met. The difference is drawn with ±${epsilonText(epsilon)} as black and white.</p>
<div class="examples">${report.examples.map((example) => card(report, example))}</div></section>
`;
}

function card(report: Report, example: ReportExample): Html {
  const name = (number: number): string => report.classNames[number] ?? `class ${number}`;
  const verdict = (number: number): Html =>
    html`<td class="${number === example.label ? 'right' : 'wrong'}">${number === example.label ? '✓' : '✗'} ${name(number)}</td>`;
  return html`<figure class="example">
<div>${picture(example.cleanPng, `Test image ${example.index}, ${name(example.label)}`)}${picture(
    example.adversarialPng,
    `The same, attacked`,
  )}${picture(example.differencePng, 'The difference, amplified')}</div>
<figcaption>Image ${countText(example.index)}: ${name(example.label)}
<table><thead><tr><th scope="col">Level</th><th scope="col">Clean</th><th scope="col">Attacked</th></tr></thead>
<tbody>${levels.map(
    (level) =>
      html`<tr><th scope="row">${level.title}</th>${verdict(example.predictions[level.name].clean)}${verdict(
        example.predictions[level.name].adversarial,
      )}</tr>`,
  )}</tbody></table></figcaption></figure>
`;
}

function picture(png: string, description: string): Html {
  return html`<img src="data:image/png;base64,${png}" alt="${description}" width="96" height="96">`;
}
