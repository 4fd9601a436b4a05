import type { Compiled } from '../../compiler/compile.js';
import type { LayerRow, LimitRow } from '../../compiler/explain.js';
import type { Program } from '../../schemas/program.js';
import type { Projection } from '../../schemas/spike.js';
import { countText, figureText, meanText, optionalPercent, percentText } from './number-text.js';
import { type TextColumn, textTable } from './text-table.js';

/**
 * What every pass of a compilation decided, and each layer's fullest core against each limit, for terminals; `leastHops`:
 * the `hopBound` of its placement.
 */
export function explainText(compiled: Compiled, leastHops: number): string {
  const place = (own: Compiled): string => placeText(own, leastHops);
  return [lowerText, relayText, quantiseText, partitionText, resourceText, place, scheduleText]
    .map((section) => section(compiled))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** A title column, then numbers. */
function columns(first: string, ...rest: readonly string[]): readonly TextColumn[] {
  return [{ title: first }, ...rest.map((title) => ({ title, align: 'right' as const }))];
}

function lowerText({ floatGraph, spikeGraph }: Compiled): string {
  const rows = floatGraph.populations.map(({ name, kind, shape, reset, threshold }) => {
    const heard = spikeGraph.projections.filter(({ to }) => to === name).map(projectionText);
    const drive = floatGraph.drives.some(({ population }) => population === name) ? ['the image, as a current'] : [];
    const tables = threshold.rows > 1 ? 'by timestep' : 'constant';
    return [
      name,
      shape.join(' × '),
      kind === 'spiking' ? `${reset} reset` : kind,
      tables,
      [...drive, ...heard].join('; '),
    ];
  });
  const titles = [
    { title: 'Population' },
    { title: 'Shape' },
    { title: 'Kind' },
    { title: 'Tables' },
    { title: 'Hears' },
  ];
  return `Lower: layers between neurons folded into projections\n${textTable(titles, rows)}`;
}

/** Nothing where the chip holds every delay. */
function relayText({ relays }: Compiled): string {
  if (relays.length === 0) return '';
  const rows = relays.map(({ population, source, later, serves }) => [
    population,
    source,
    countText(later),
    serves.length === 0 ? 'the next relay' : serves.join('; '),
  ]);
  const titles = [
    { title: 'Relay' },
    { title: 'Repeats' },
    { title: 'Timesteps later', align: 'right' },
    { title: 'For' },
  ] as const;
  return `Relay: delays longer than a synapse holds go through neurons that repeat spikes\n${textTable(titles, rows)}`;
}

function projectionText({ from, kernel, pool, stride, delay }: Projection<Int32Array>): string {
  const pooled = pool.some((window) => window > 1) ? `, pooled ${pool.join(' × ')}` : '';
  const strided = stride.some((step) => step > 1) ? `, stride ${stride.join(' × ')}` : '';
  return `${from} (kernel ${kernel.shape.slice(0, 2).join(' × ')}${pooled}${strided}, delay ${delay})`;
}

function quantiseText({ quantisation }: Compiled): string {
  const rows = quantisation.map((row) => [
    row.population,
    figureText(row.scale),
    figureText(row.weightMax),
    decibelText(row.sqnrDecibels),
    percentText(row.clippedPercent),
    row.thresholds > 1 ? `${countText(row.thresholds)} different` : figureText(row.threshold),
    row.driveExponent === null ? '–' : `2^${row.driveExponent}`,
    `${figureText(row.inputBound)}${row.inputProven ? '' : ' (not proven)'}`,
    `${figureText(row.membraneBound)}${row.membraneProven ? '' : ' (not proven)'}`,
  ]);
  const titles = [
    'Units per unit',
    'Weight up to',
    'SQNR',
    'Clipped',
    'Threshold',
    'Drive step',
    'Input up to',
    'Membrane up to',
  ];
  return `Quantise: one scale for each population, factors by channel where it has several thresholds\n${textTable(columns('Population', ...titles), rows)}${measuredText(quantisation)}`;
}

/** What the integers did on the calibration images; nothing without them. */
function measuredText(quantisation: Compiled['quantisation']): string {
  const rows = quantisation.flatMap(({ population, measured }) => {
    if (measured === null) return [];
    return [
      [
        population,
        decibelText(measured.inputSqnrDecibels),
        optionalPercent(measured.spikeAgreementPercent),
        meanText(measured.floatSpikes),
        meanText(measured.integerSpikes),
        percentText(measured.saturationPercent),
        countText(Math.round(measured.inputMost)),
        countText(Math.round(measured.membraneMost)),
      ],
    ];
  });
  if (rows.length === 0) return '';
  const titles = [
    'SQNR of input',
    'Spikes as in float',
    'Spikes in float',
    'Spikes on chip',
    'Saturated',
    'Input up to',
    'Membrane up to',
  ];
  return `\n\nMeasured on the calibration images\n${textTable(columns('Population', ...titles), rows)}`;
}

function decibelText(decibels: number | null): string {
  return decibels === null ? '–' : `${decibels.toFixed(1)} dB`;
}

/** How a layer's cores store synapses, in words that stand alone. */
function styleText({ packing, order, lists, padded }: LayerRow['style']): string {
  const along = { not: '', rows: ', padded along rows', columns: ', padded along columns', both: ', padded' }[padded];
  const blocks = order === 'blocks' ? ', channels in blocks' : '';
  return `${packing}${{ whole: '', pairs: ' by two rows', rows: ' by row' }[lists]}${along}${blocks}`;
}

function partitionText({ mapping, bound, program }: Compiled): string {
  const rows = mapping.layers.map((layer) => {
    // A relay is what output axons of its source ask for: no mapping must have it.
    const least = bound.layers.find(({ population }) => population === layer.population);
    return [
      layer.population,
      countText(layer.cores),
      layer.parts.join(' × '),
      styleText(layer.style),
      layer.binding,
      percentText(layer.bindingPercent),
      least === undefined ? '–' : countText(least.cores),
      least === undefined ? 'relay' : least.limit,
    ];
  });
  const titles = [
    { title: 'Population' },
    { title: 'Cores', align: 'right' },
    { title: 'Rows × columns × channels', align: 'right' },
    { title: 'Lists' },
    { title: 'Binding limit' },
    { title: 'Used', align: 'right' },
    { title: 'At least', align: 'right' },
    { title: 'By' },
  ] as const;
  const { cores, limit } = bound;
  const least = `${countText(program.cores.length)} cores; no mapping could do with fewer than ${countText(cores)} (${limit})`;
  return [
    `Partition: tiles of equal size, one core each\n${textTable(titles, rows)}`,
    ...copiesText(program),
    least,
  ].join('\n');
}

/** A line for each population that several relays repeat. */
function copiesText({ populations }: Program): readonly string[] {
  const copies = new Map<string, number>();
  for (const { relayOf } of populations) if (relayOf !== null) copies.set(relayOf, (copies.get(relayOf) ?? 0) + 1);
  return [...copies].flatMap(([name, count]) => {
    return count < 2
      ? []
      : [`${name} has ${count} copies, each for some of the cores that hear it: so messages cross fewer links`];
  });
}

/** Rows of limits, columns of layers: the need of the layer's fullest core, and "←" where that limit binds. */
function resourceText({ mapping }: Compiled): string {
  const { limits, layers } = mapping;
  const rows = limits.map((limit) => [
    limitTitle(limit),
    Number.isFinite(limit.limit) ? countText(limit.limit) : 'none',
    ...layers.map(({ need, binding }) => `${countText(need[limit.resource])}${binding === limit.title ? ' ←' : '  '}`),
  ]);
  return `Need of each population’s fullest core, limit by limit; ← is the one that binds\n${textTable(
    columns('Limit', 'Of a core', ...layers.map(({ population }) => population)),
    rows,
  )}`;
}

function limitTitle({ title, unit }: LimitRow): string {
  return unit === '' ? title : `${title} (${unit})`;
}

function placeText({ traffic, program }: Compiled, least: number): string {
  const { messages, spikeHops, spikeHopsRowMajor } = traffic;
  const factor =
    spikeHops === 0 ? '' : `, ${(spikeHopsRowMajor / spikeHops).toFixed(2)} times fewer than in row-major order`;
  return `Place: ${countText(program.cores.length)} cores on ${countText(new Set(program.cores.map(({ chip }) => chip)).size)} chips; ${meanText(messages)} messages a sample cross ${meanText(spikeHops)} links${factor}; no placement of these cores could cross fewer than ${meanText(least)}`;
}

function scheduleText({ program }: Compiled): string {
  const { populations, timesteps, stepsPerSample, sampleInterval, hostAxons } = program;
  const windows = populations.map(({ name, phase }) => `${name} ${phase}…${phase + timesteps - 1}`).join(', ');
  const axons =
    hostAxons.length === 0 ? 'no axon driven by the host' : `${countText(hostAxons.length)} axons driven by the host`;
  return `Schedule: T = ${timesteps}, ${countText(stepsPerSample)} timesteps a sample, a new one every ${countText(sampleInterval)}; ${axons}\nWindows: ${windows}`;
}
