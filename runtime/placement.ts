import type { TrafficRates } from '../compiler/compile.js';
import type { Slot } from '../compiler/route.js';
import { failure } from '../schemas/diagnostic.js';
import { checkJson, parseJson } from '../schemas/json-file.js';
import { decodeProgram } from '../schemas/program-file.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Statistics } from '../schemas/stats.js';
import type { Target } from '../schemas/target.js';
import { readTarget } from '../schemas/target-file.js';
import { readFileWhole } from './store/read-file.js';

/**
 * Spikes of a neuron per sample, by population, from the statistics that `simulate --json` wrote. Throws SW1001,
 * SW1020…SW1023, and SW2301 where a spiking layer of the network is not in them.
 */
export async function readRates(path: string, snn: SnnGraph): Promise<NonNullable<TrafficRates['rates']>> {
  const value = parseJson(Buffer.from(await readFileWhole(path)).toString('utf8'), path);
  const { layers } = checkJson<Statistics>('stats', value, path);
  const rates = new Map(layers.map(({ name, spikes, neurons }) => [name, spikes / neurons]));
  const missing = snn.layers.find(({ kind, name }) => kind === 'neuron' && !rates.has(name));
  if (missing === undefined) return rates;
  throw failure('SW2301', {
    where: path,
    what: `it has no rate of layer ${missing.name}; its layers are ${[...rates.keys()].join(', ')}.`,
  });
}

/**
 * The slots of the board that other Programs stand on. Throws SW1001…SW1007, SW1020…SW1024, and SW2302 where one was
 * compiled for another target or two stand on one core.
 */
export async function readOccupied(paths: readonly string[], target: Target): Promise<readonly Slot[]> {
  const owner = new Map<string, string>();
  const slots: Slot[] = [];
  for (const path of paths) {
    const { cores, targetJson } = decodeProgram(await readFileWhole(path), path);
    const own = readTarget(targetJson, `${path}, target`);
    if (JSON.stringify(own) !== JSON.stringify(target)) {
      const differs = own.name === target.name ? `another description of ${own.name}` : own.name;
      throw failure('SW2302', { where: path, what: `it was compiled for ${differs}, not for this ${target.name}.` });
    }
    for (const { chip, core } of cores) {
      const place = `chip ${chip}, core ${core}`;
      const other = owner.get(place);
      if (other !== undefined) throw failure('SW2302', { where: path, what: `${place} is taken by ${other} already.` });
      owner.set(place, path);
      slots.push({ chip, core });
    }
  }
  return slots;
}
