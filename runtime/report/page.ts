import type { Report } from '../../schemas/report.js';
import { duration } from '../duration.js';
import { accuracySection } from './accuracy-section.js';
import { activitySection } from './activity-section.js';
import { agreementSection } from './agreement-section.js';
import { coreMapSection } from './core-map-section.js';
import { examplesSection } from './examples-section.js';
import { type Html, html } from './html.js';
import { latencySection } from './latency-section.js';
import { epsilonText, methodName, proportionText } from './level-text.js';
import { linksSection } from './links-section.js';
import { countText, meanText, percentText, quantityText } from './number-text.js';
import { pageFrame } from './page-frame.js';
import { provenanceSection } from './provenance-section.js';
import { robustnessSection } from './robustness-section.js';
import { trainingSection } from './training-section.js';

/** The report as one HTML file: no script, nothing fetched, everything from the report escaped. */
export function reportPage(report: Report): string {
  const sections: readonly (readonly [string, string, Html])[] = [
    ['accuracy', 'Accuracy and robustness', accuracySection(report)],
    ['robustness', 'Robustness kept', robustnessSection(report)],
    ['agreement', 'Where levels part', agreementSection(report)],
    ['activity', 'Spikes and energy', activitySection(report)],
    ['latency', 'Latency', latencySection(report)],
    ['cores', 'Core map', coreMapSection(report)],
    ['links', 'Link load', linksSection(report)],
    ['training', 'Finetuning and quantisation', trainingSection(report)],
    ['examples', 'Images', examplesSection(report)],
    ['provenance', 'Provenance', provenanceSection(report)],
  ];
  return pageFrame(
    `${report.name} on ${report.target}`,
    html`<a class="skip" href="#accuracy">Skip to the results</a>
<header>
<h1>${report.name} on ${report.target}</h1>
<p class="subtitle">${report.dataset}, T = ${report.timesteps}, ${countText(report.samples)} test images, ${methodName(report.attack.method)} at ε = ${epsilonText(report.attack.epsilon)}</p>
${verdict(report)}
${keyFigures(report)}
<nav aria-label="Sections"><ul>${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${sections.map(([, , section]) => section)}</main>
<footer>Made by Spikewright ${report.spikewrightVersion} in ${duration(report.provenance.stages.reduce((sum, { seconds }) => sum + seconds, 0))}.</footer>
`,
  );
}

function verdict({ spikeMismatches, readoutMismatches, samples }: Report): Html {
  return spikeMismatches + readoutMismatches === 0
    ? html`<p class="verdict good">Chip = twin: every spike and every readout of ${countText(samples)} images agrees, clean and attacked</p>`
    : html`<p class="verdict bad">Chip ≠ twin: ${countText(spikeMismatches)} spikes and ${countText(readoutMismatches)} readouts differ</p>`;
}

function keyFigures(report: Report): Html {
  const { chip } = report;
  const figures: readonly (readonly [string, string, string, string])[] = [
    ['clean', 'Chip, clean', ...splitInterval(proportionText(report.levels.chip.clean))],
    ['robust', 'Chip, attacked', ...splitInterval(proportionText(report.levels.chip.robust))],
    ['latency', 'Latency', quantityText(chip.latencySeconds, 's'), meanOf(report.unknownFigures.timing)],
    ['energy', 'Energy', quantityText(chip.energyJoules, 'J'), meanOf(report.unknownFigures.energy)],
    ['spikes', 'Spikes', meanText(chip.spikesPerSample), 'per inference, mean'],
    ['active', 'Active neurons', percentText(chip.activeNeuronsPercent), 'fire at least once'],
    ['synops', 'Synaptic operations', meanText(chip.synopsPerSample), 'per inference, mean'],
    [
      'cores',
      'Cores',
      countText(chip.cores),
      `${countText(chip.chips)} ${chip.chips === 1 ? 'chip' : 'chips'}, ${countText(chip.timestepsPerSample)} timesteps`,
    ],
  ];
  return html`<dl class="figures">${figures.map(
    ([
      id,
      title,
      value,
      remark,
    ]) => html`<div><dt>${title}</dt><dd id="figure-${id}">${value}<small>${remark}</small></dd></div>
`,
  )}</dl>`;
}

/** The remark of a mean that lacks figures of the target, or lacks none. */
function meanOf(unknown: readonly string[]): string {
  return unknown.length === 0 ? 'per inference, mean' : 'per inference, mean, lower bound';
}

/** "63.2 % [58.9, 67.3]" as figure and remark. */
function splitInterval(text: string): [string, string] {
  const [value = '', interval = ''] = text.split(' [');
  return [value, `95 %: [${interval}`];
}
