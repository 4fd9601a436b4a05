import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/lower.js';
import { quantise } from '../../compiler/quantise.js';
import { encodeDrive } from '../../runtime/drive.js';
import { loadTarget } from '../../targets/load.js';
import { randomImages } from '../property/arbitrary-spike.js';
import { runSpikeGraph } from '../reference/reference-spike.js';
import { runReference } from '../reference/reference-twin.js';
import { type LayerSpec, randomSnn } from './random-snn.js';

const shape = [12, 12, 3] as const;
const stage = (channels: number): LayerSpec[] => [{ conv: channels }, 'norm', { neuron: 'hard' }, { pool: 2 }];
const specs: readonly LayerSpec[] = [...stage(12), ...stage(24), { flatten: 'hwc' }, { dense: 10, bias: true }];

/** Share of equal spikes of all populations, and largest logit error over the spread of the logits, on five images. */
function fidelity(name: string): { readonly equalSpikes: number; readonly logitError: number } {
  let [equal, all, logitError] = [0, 0, 0];
  for (let seed = 0; seed < 5; seed += 1) {
    const float = lower(randomSnn(shape, specs, 4, seed));
    const { graph } = quantise(float, loadTarget(name)).value;
    const image = randomImages(shape, 1, seed);
    const trained = runSpikeGraph(float, image);
    const drive = graph.drives[0]!;
    const chip = runReference(graph, new Map([[drive.population, encodeDrive(drive, image).current]]));
    for (const [population, steps] of trained.spikes) {
      const spikes = chip.spikes.get(population)!;
      steps
        .flatMap((step) => Array.from(step))
        .forEach((spike, k) => {
          all += 1;
          if (spike === spikes[k]) equal += 1;
        });
    }
    const logits = Array.from(trained.logits.get('logits')!);
    const readout = graph.populations.at(-1)!;
    const spread = Math.max(...logits) - Math.min(...logits);
    logits.forEach((logit, k) => {
      const own = chip.readouts.get('logits')![k]! / (readout.scale * graph.timesteps);
      logitError = Math.max(logitError, Math.abs(own - logit) / spread);
    });
  }
  return { equalSpikes: equal / all, logitError };
}

describe('the integer network', () => {
  it('follows the trained one closely on Loihi, and more closely with finer weights', () => {
    const loihi1 = fidelity('loihi1');
    const ideal = fidelity('ideal');
    expect(loihi1.equalSpikes).toBeGreaterThan(0.98);
    expect(loihi1.logitError).toBeLessThan(0.1);
    expect(ideal.equalSpikes).toBeGreaterThan(0.998);
    expect(ideal.equalSpikes).toBeGreaterThan(loihi1.equalSpikes);
  });
});
