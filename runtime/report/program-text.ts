import type { CoreLimit } from '../../compiler/core-need.js';
import type { TargetMesh } from '../../schemas/target.js';
import { chipPlaceText } from '../../targets/board-grid.js';
import type { CoreContent, CoreMemory, LayerContent, ProgramContent } from '../program-content.js';
import { countText, figureText, percentText } from './number-text.js';
import { type TextColumn, textTable } from './text-table.js';

/** Rows of a memory map that are printed; the JSON has all. */
const ROWS_MAX = 40;
/** A layer's letter in the core map; from the 53rd layer on they repeat. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The summary of a Program, for terminals. */
export function summaryText(content: ProgramContent): string {
  const { provenance, sampleInterval, stepsPerSample, cores, chips } = content;
  const rows = content.layers.map((layer) => [
    layer.name,
    layer.shape.join(' × '),
    layer.kind,
    String(layer.phase),
    figureText(layer.scale),
    countText(layer.thresholds),
    countText(layer.cores),
    countText(layer.synapseBytes),
    countText(layer.inputAxons),
    countText(layer.outputAxons),
  ]);
  const titles = ['Phase', 'Units per unit', 'Thresholds', 'Cores', 'Synapse bytes', 'Axons in', 'Axons out'];
  const table = textTable([...columns('Layer', 'Shape', 'Kind'), ...numbers(...titles)], rows);
  const images = content.drives.map(({ population, inputShape }) => `${inputShape.join(' × ')} into ${population}`);
  return [
    `${content.name} for ${content.target}, program format ${content.formatVersion}, by Spikewright ${provenance.spikewrightVersion}`,
    `T = ${content.timesteps}, ${countText(stepsPerSample)} timesteps a sample, a new one every ${countText(sampleInterval)}`,
    `${countText(cores.length)} cores on ${countText(chips)} ${chips === 1 ? 'chip' : 'chips'}; images ${images.join(', ')}; ${countText(content.hostAxons)} axons driven by the host`,
    `Options ${provenance.options}; ${provenance.sources.map(({ role, sha256 }) => `${role} ${sha256.slice(0, 12)}`).join(', ')}`,
    '',
    table,
  ].join('\n');
}

/** Which core holds which layer: the mesh of each chip, a tile a cell, a core a letter; "." is free, "*" holds several. */
export function coreMapText({ layers, cores, chips: board }: ProgramContent, mesh: TargetMesh): string {
  const letters = new Map(layers.map(({ name }, index) => [name, LETTERS[index % LETTERS.length]!]));
  const chips = [...new Set(cores.map(({ chip }) => chip))].sort((a, b) => a - b);
  const maps = chips.map((chip) => {
    const held = new Map(
      cores.filter((core) => core.chip === chip).map((core) => [core.core, letterOf(core, letters)]),
    );
    const rows = Array.from({ length: mesh.rows }, (_, row) =>
      Array.from({ length: mesh.columns }, (__, column) => {
        const first = (row * mesh.columns + column) * mesh.coresPerTile;
        return Array.from({ length: mesh.coresPerTile }, (___, k) => held.get(first + k) ?? '.').join('');
      }).join(' '),
    );
    return `Chip ${chip}${chipPlaceText(chip, board, mesh.chipsPerRow?.value)}\n${rows.join('\n')}`;
  });
  return [[...letters].map(([name, letter]) => `${letter} ${name}`).join(', '), ...maps].join('\n\n');
}

/** A layer with every one of its cores, need against limit. */
export function layerText(layer: LayerContent, cores: readonly CoreContent[], limits: readonly CoreLimit[]): string {
  const rows = cores.map(({ chip, core, layers, need }) => {
    const own = layers.find(({ name }) => name === layer.name)!;
    return [
      `${chip}/${core}`,
      countText(own.first),
      countText(own.neurons),
      ...limits.map(({ resource, limit }) => useText(need[resource], limit)),
    ];
  });
  const titles = limits.map(({ title, unit }) => (unit === '' ? title : `${title} (${unit})`));
  const table = textTable([...columns('Core'), ...numbers('First neuron', 'Neurons', ...titles)], rows);
  return `${layer.name}: ${layer.kind}, ${layer.shape.join(' × ')} neurons on ${countText(layer.cores)} cores\n${table}`;
}

/** The memory map of a core. */
export function coreText(place: string, memory: CoreMemory, limitWords: number): string {
  const spans = memory.spans.map(({ firstWord, words, owners }) => [
    countText(firstWord),
    countText(words),
    owners === 0 ? 'none' : countText(owners),
  ]);
  const axons = memory.axonsIn.map(({ axon, firstWord, words, base, atoms }) =>
    [axon, firstWord, words, base, atoms].map(countText),
  );
  const formats = memory.synapseFormats.map(({ weightBits, indexBits, delayBits, exponent }, index) =>
    [index, weightBits, indexBits, delayBits, exponent].map(countText),
  );
  const profiles = memory.profiles.map(({ compartments, spiking, reset, threshold, decay }, index) => [
    countText(index),
    countText(compartments),
    spiking ? `${reset} reset` : 'readout',
    threshold.map(countText).join(', '),
    decay.map(countText).join(', '),
  ]);
  const share = Number.isFinite(limitWords) ? `, ${percentText((100 * memory.words) / limitWords)} of what it has` : '';
  return [
    `Core ${place}: ${countText(memory.words)} words of synapse memory${share}; ${countText(memory.outputAxons)} output axons to ${countText(memory.destinations)} cores`,
    `Words by the number of input axons that own them\n${cut(numbers('First word', 'Words', 'Axons'), spans)}`,
    `Input axons\n${cut(numbers('Axon', 'First word', 'Words of an atom', 'Base', 'Atoms'), axons)}`,
    `Synapse formats\n${textTable(numbers('Format', 'Weight bits', 'Index bits', 'Delay bits', 'Exponent'), formats)}`,
    `Compartment profiles\n${textTable([...numbers('Profile', 'Compartments'), ...columns('Kind', 'Threshold', 'Decay (1/4096)')], profiles)}`,
  ].join('\n\n');
}

function letterOf({ layers }: CoreContent, letters: ReadonlyMap<string, string>): string {
  return layers.length > 1 ? '*' : (letters.get(layers[0]?.name ?? '') ?? '.');
}

function useText(used: number, limit: number): string {
  return Number.isFinite(limit) ? `${countText(used)} (${percentText((100 * used) / limit)})` : countText(used);
}

function cut(titles: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const rest = rows.length - ROWS_MAX;
  const more = rest > 0 ? `\n… and ${countText(rest)} more; --json has all` : '';
  return `${textTable(titles, rows.slice(0, ROWS_MAX))}${more}`;
}

function columns(...titles: readonly string[]): readonly TextColumn[] {
  return titles.map((title) => ({ title }));
}

function numbers(...titles: readonly string[]): readonly TextColumn[] {
  return titles.map((title) => ({ title, align: 'right' as const }));
}
