import { sha256 } from '../schemas/hash.js';
import type { CoreImage, Program } from '../schemas/program.js';
import { type LayerContent, type ProgramContent, programContent } from './program-content.js';

/** One thing that differs; values as they would be printed. */
export interface Difference {
  readonly what: string;
  readonly first: string;
  readonly second: string;
}

/** What became of a layer between two Programs. */
export interface LayerDifference {
  readonly layer: string;
  readonly change: 'only in the first' | 'only in the second' | 'changed' | 'same';
  readonly differences: readonly Difference[];
  /** Cores that hold the same in both, but stand elsewhere; cores whose content differs (of the larger number). */
  readonly coresMoved: number;
  readonly coresChanged: number;
}

export interface ProgramDifference {
  /** True where nothing differs: not the content, not the placement, not where it came from. */
  readonly equal: boolean;
  readonly program: readonly Difference[];
  readonly layers: readonly LayerDifference[];
}

/** Compares two Programs layer by layer; layers are matched by name, cores of a layer by the neurons they hold. */
export function programDifference(first: Program, second: Program): ProgramDifference {
  const [a, b] = [programContent(first), programContent(second)];
  const program = differences(a, b, programFields);
  const names = [...new Set([...a.layers, ...b.layers].map(({ name }) => name))];
  const layers = names.map((name) =>
    layerDifference(name, { program: first, content: a }, { program: second, content: b }),
  );
  return { equal: program.length === 0 && layers.every(({ change }) => change === 'same'), program, layers };
}

interface Side {
  readonly program: Program;
  readonly content: ProgramContent;
}

/** What is printed of each side, by the words for it. */
type Fields<C> = Readonly<Record<string, (content: C) => unknown>>;

const programFields: Fields<ProgramContent> = {
  name: ({ name }) => name,
  target: ({ target }) => target,
  timesteps: ({ timesteps }) => timesteps,
  'timesteps a sample': ({ stepsPerSample }) => stepsPerSample,
  'timesteps between samples': ({ sampleInterval }) => sampleInterval,
  chips: ({ chips }) => chips,
  cores: ({ cores }) => cores.length,
  'axons driven by the host': ({ hostAxons }) => hostAxons,
  options: ({ provenance }) => provenance.options,
  sources: ({ provenance }) => provenance.sources.map(({ role, sha256: hash }) => `${role} ${hash.slice(0, 12)}`),
  'spikewright version': ({ provenance }) => provenance.spikewrightVersion,
};

const layerFields: Fields<LayerContent> = {
  kind: ({ kind }) => kind,
  shape: ({ shape }) => shape.join(' × '),
  phase: ({ phase }) => phase,
  'units per unit': ({ scale }) => scale,
  thresholds: ({ thresholds }) => thresholds,
  cores: ({ cores }) => cores,
  'synapse bytes': ({ synapseBytes }) => synapseBytes,
  'input axons': ({ inputAxons }) => inputAxons,
  'output axons': ({ outputAxons }) => outputAxons,
};

function differences<C>(a: C, b: C, fields: Fields<C>): Difference[] {
  return Object.entries(fields).flatMap(([what, read]) => {
    const [first, second] = [String(read(a)), String(read(b))];
    return first === second ? [] : [{ what, first, second }];
  });
}

function layerDifference(layer: string, a: Side, b: Side): LayerDifference {
  const [first, second] = [a, b].map(({ content }) => content.layers.find(({ name }) => name === layer));
  const none = { layer, differences: [], coresMoved: 0, coresChanged: 0 };
  if (second === undefined) return { ...none, change: 'only in the first' };
  if (first === undefined) return { ...none, change: 'only in the second' };
  const [before, after] = [a, b].map(({ program }) => fingerprints(program, layer)) as [Cores, Cores];
  let [moved, changed] = [0, 0];
  for (const neurons of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(neurons), after.get(neurons)];
    if (one?.content !== other?.content) changed += 1;
    else if (one?.place !== other?.place) moved += 1;
  }
  const found = differences(first, second, layerFields);
  const change = found.length + moved + changed === 0 ? 'same' : 'changed';
  return { layer, change, differences: found, coresMoved: moved, coresChanged: changed };
}

type Cores = ReadonlyMap<string, { readonly content: string; readonly place: string }>;

/** By the neurons that a core holds of a layer: where it stands, and a hash of what it computes with. */
function fingerprints(program: Program, layer: string): Cores {
  const index = program.populations.findIndex(({ name }) => name === layer);
  return new Map(
    program.cores
      .filter(({ ranges }) => ranges.some(({ population }) => population === index))
      .map((image) => {
        const neurons = image.ranges.filter(({ population }) => population === index).map((range) => range.neurons);
        const key = sha256(
          Buffer.concat(neurons.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
        );
        return [key, { content: contentHash(image), place: `${image.chip}/${image.core}` }] as const;
      }),
  );
}

/** What a core computes with; where its spikes go depends on the placement, and is left out. */
function contentHash({
  profiles,
  compartmentProfile,
  bias,
  synapseFormats,
  synapseMemory,
  axonsIn,
}: CoreImage): string {
  const arrays = [compartmentProfile, bias.data, synapseMemory, ...Object.values(axonsIn)];
  const plain = profiles.map((profile) => ({
    ...profile,
    threshold: [...profile.threshold],
    resetBy: [...profile.resetBy],
    decay: [...profile.decay],
  }));
  const head = Buffer.from(JSON.stringify({ plain, synapseFormats, rows: bias.rows }));
  return sha256(
    Buffer.concat([head, ...arrays.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))]),
  );
}
