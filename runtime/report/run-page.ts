import type { RunProgress, StageProgress } from '../../schemas/progress.js';
import { duration } from '../duration.js';
import type { RunState } from '../pipeline/run-state.js';
import { activitySection } from './activity-section.js';
import { chipPart } from './chip-part.js';
import { fillingMap } from './core-map.js';
import { coreMapSection, fillingSection } from './core-map-section.js';
import { finetuningRow } from './finetuning-row.js';
import { type Html, html } from './html.js';
import { latencySection } from './latency-section.js';
import { linksSection } from './links-section.js';
import { pageFrame } from './page-frame.js';
import { table } from './table.js';
import { liveCurves } from './training-curve.js';
import { curves } from './training-section.js';

/** What can be shown of a run that is not finished: one sentence, and sections by their ids. */
export interface RunView {
  readonly words: string;
  readonly sections: readonly (readonly [string, Html])[];
}

/** The report of a run that was stopped before its end: what is there, and what is missing. */
export function unfinishedPage(folder: string, state: RunState): string {
  const { words, sections } = runView(state);
  return pageFrame(
    `${folder}, unfinished`,
    html`<header>
<h1>Unfinished ${state.progress.points === undefined ? 'run' : 'sweep'} in ${folder}</h1>
<p class="verdict bad">${words}</p>
</header>
<main>
${sections.map(([, section]) => section)}</main>
`,
  );
}

/** A run as it stands, or the point of a sweep below what others came to: its stages, curves as soon as training has begun, the core map as soon as it is compiled. */
export function runView(state: RunState): RunView {
  const { progress, program, statistics } = state;
  const sections: [string, Html][] = [['stages', stagesSection(state)]];
  if (progress.points !== undefined) sections.unshift(['points', pointsSection(progress.points)]);
  const training = trainingPart(state);
  if (training !== null) sections.push(['training', training]);
  if (program !== null && statistics !== null) {
    const part = chipPart(program, statistics);
    sections.push(['activity', activitySection(part)], ['latency', latencySection(part)]);
    sections.push(['cores', coreMapSection(part)], ['links', linksSection(part)]);
  } else if (program !== null) sections.push(['cores', fillingSection(fillingMap(program))]);
  return { words: stateWords(state), sections: progress.stages.length === 0 ? [] : sections };
}

/** Where a run stands, in a sentence that changes only when a stage does. */
export function stateWords({ progress, state }: RunState): string {
  const left = leftWords(progress);
  switch (state) {
    case 'finished':
      return 'Finished';
    case 'killed':
      return `Interrupted: the process that ran it is gone; ${left}`;
    case 'interrupted':
      return `Interrupted as asked; ${left}`;
    case 'failed':
      return `Failed: ${progress.failure}`;
    case 'running': {
      const { points, stages } = progress;
      const point = points?.findIndex((entry) => entry.state === 'running' || entry.state === 'waiting') ?? 0;
      const stage = stages.findIndex(({ folder }) => folder === null);
      if (point < 0 || (points === undefined && stage < 0)) return 'Writing the report';
      const atPoint = points === undefined ? '' : `point ${point + 1} of ${points.length} (${points[point]!.name}): `;
      return `${atPoint}${stages.at(stage)!.stage}, stage ${stage < 0 ? stages.length : stage + 1} of ${stages.length}`;
    }
  }
}

/** The stages that are not finished, in their order; of a sweep its points. */
export function missingParts({ stages, points }: RunProgress): readonly string[] {
  if (points === undefined) return stages.filter(({ folder }) => folder === null).map(({ stage }) => stage);
  return points.filter(({ state }) => state === 'waiting' || state === 'running').map(({ name }) => name);
}

function leftWords(progress: RunProgress): string {
  const missing = missingParts(progress);
  const { points } = progress;
  if (missing.length === 0) return points === undefined ? 'every stage is there' : 'every point is there';
  // A sweep may have hundreds.
  return `missing: ${points === undefined ? missing.join(', ') : `${missing.length} of ${points.length} points`}`;
}

function pointsSection(points: NonNullable<RunProgress['points']>): Html {
  return html`<section id="points"><h2>Points</h2>
${table(
  'Points of the sweep',
  [
    { title: 'Point', cell: ({ name }) => name },
    { title: 'State', cell: ({ state }) => state },
    { title: 'What', cell: ({ note }) => note },
  ],
  points,
)}</section>
`;
}

function stagesSection({ progress, state }: RunState): Html {
  return html`<section id="stages"><h2>Stages</h2>
${table(
  progress.points === undefined ? 'Stages of the run' : 'Stages of the point at work',
  [
    { title: 'Stage', cell: ({ stage }) => stage },
    { title: 'State', cell: (entry) => stageState(entry, state) },
    { title: 'Progress', cell: bar },
    { title: 'Time', cell: time, numeric: true },
    { title: 'What', cell: ({ note }) => note },
  ],
  progress.stages,
)}</section>
`;
}

function stageState({ state }: StageProgress, run: RunState['state']): string {
  return state === 'running' && run !== 'running' ? 'stopped' : state;
}

function bar({ stage, state, done, total }: StageProgress): Html | string {
  if (state === 'made' || state === 'reused') return '✓';
  if (total === 0) return '';
  return html`<progress aria-label="${stage}" value="${done}" max="${total}"></progress> ${Math.floor((100 * done) / total)} %`;
}

function time({ state, seconds, secondsLeft }: StageProgress): string {
  if (state === 'waiting') return '';
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `${duration(seconds)}${left}`;
}

/** By epoch where finetuning is finished, by step while it goes on; null before it. */
function trainingPart({ progress, history }: RunState): Html | null {
  const isBegun = progress.stages.some(({ stage, state }) => stage === 'finetune' && state === 'running');
  const drawing =
    history !== null && history.length > 0
      ? curves({ finetuning: history.map(finetuningRow) })
      : isBegun && progress.curve.length > 0
        ? liveCurves(progress.curve)
        : null;
  return (
    drawing &&
    html`<section id="training"><h2>Finetuning</h2>
${drawing}</section>
`
  );
}
