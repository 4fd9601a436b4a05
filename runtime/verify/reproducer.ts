import { failure } from '../../schemas/diagnostic.js';
import { readJson } from '../../schemas/json-file.js';
import type { Program } from '../../schemas/program.js';
import type { Reproducer } from '../../schemas/reproducer.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { elementCount } from '../../schemas/tensor.js';
import type { EncodedSample } from '../drive.js';
import type { Hooks } from '../hooks.js';
import type { FailingSample } from './levels.js';
import { minimiseCase } from './minimise.js';
import { SideBySide } from './side-by-side.js';

/** A program and the network it was compiled from, with the sha256 of their files in hex. */
interface HashedNetwork {
  readonly program: Program;
  readonly graph: IntegerSpikeGraph;
  readonly hashes: { readonly program: string; readonly graph: string };
}

/**
 * Cuts a sample in which chip and twin differ down to a reproducer; null where they agree on it. The twin runs on the
 * tfjs backend in use.
 */
export async function makeReproducer(
  { program, graph, hashes }: HashedNetwork,
  { sample, drives }: FailingSample,
  hooks: Hooks,
): Promise<Reproducer | null> {
  const pair = new SideBySide(program, graph);
  try {
    const found = await minimiseCase(pair, drives, sample, hooks);
    if (found === null) return null;
    const names = { program: { name: program.name, sha256: hashes.program }, graph: { sha256: hashes.graph } };
    return { formatVersion: 1, ...names, ...found };
  } finally {
    pair.dispose();
  }
}

/** What a reproducer takes to show the difference, in a few words. */
export function reproducerSummary({ timesteps, drives }: Reproducer, graph: IntegerSpikeGraph): string {
  const kept = drives.reduce((sum, { currents }) => sum + currents.length, 0);
  const all = graph.populations
    .filter(({ name }) => drives.some(({ population }) => population === name))
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return `1 sample, ${timesteps} of ${graph.timesteps} timesteps, ${kept.toLocaleString('en-GB')} of ${all.toLocaleString('en-GB')} input currents`;
}

/**
 * Reads a reproducer for a network whose file has the sha256 `graphHash`. Throws SW1020 to SW1023 for a malformed file,
 * SW5010 for one of another network, SW5011 where its currents do not fit the network's drives.
 */
export function readReproducer(
  text: string,
  where: string,
  graph: IntegerSpikeGraph,
  graphHash: string,
): { readonly reproducer: Reproducer; readonly drives: EncodedSample } {
  const reproducer = readJson<Reproducer>('reproducer', text, where);
  if (reproducer.graph.sha256 !== graphHash) {
    throw failure('SW5010', {
      where,
      what: `it was made with the network ${reproducer.graph.sha256.slice(0, 16)}…; this one is ${graphHash.slice(0, 16)}….`,
    });
  }
  const refuse = (what: string): Error => failure('SW5011', { where, what });
  if (reproducer.timesteps > graph.timesteps) {
    throw refuse(`it takes ${reproducer.timesteps} timesteps, the network has ${graph.timesteps}.`);
  }
  const [wanted, given] = [graph.drives, reproducer.drives].map((drives) =>
    drives.map(({ population }) => population).join(', '),
  );
  if (wanted !== given) throw refuse(`it drives ${given}, the network ${wanted}.`);
  const drives = graph.drives.map(({ population, grid }, index) => {
    const { shape } = graph.populations.find(({ name }) => name === population)!;
    const currents = new Int32Array(elementCount(shape));
    const { mantissaMax, exponent } = grid!;
    for (const [neuron, current] of reproducer.drives[index]!.currents) {
      if (neuron >= currents.length) {
        throw refuse(`neuron ${neuron} of ${population} is driven, which has ${currents.length}.`);
      }
      const mantissa = current / 2 ** exponent;
      if (!Number.isInteger(mantissa) || Math.abs(mantissa) > mantissaMax) {
        throw refuse(
          `neuron ${neuron} of ${population} gets ${current}; its grid has multiples of ${2 ** exponent} up to ±${mantissaMax * 2 ** exponent}.`,
        );
      }
      currents[neuron] = current;
    }
    return currents;
  });
  return { reproducer, drives };
}
