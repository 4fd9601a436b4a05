import type { Program } from '../schemas/program.js';
import { elementCount } from '../schemas/tensor.js';
import type { Core } from './core.js';
import type { PopulationActivity } from './sample-result.js';

/** Spikes of one sample by population and step, and, where asked for, each of them. */
export class SpikeLog {
  readonly #program: Program;
  readonly #spikesByStep: readonly Int32Array[];
  readonly #hasFired: readonly Uint8Array[];
  readonly #recordings: readonly (Uint8Array | null)[];

  constructor(program: Program, record: boolean) {
    const { populations, stepsPerSample, timesteps } = program;
    this.#program = program;
    this.#spikesByStep = populations.map(() => new Int32Array(stepsPerSample));
    this.#hasFired = populations.map(({ shape }) => new Uint8Array(elementCount(shape)));
    this.#recordings = populations.map(({ kind, shape }) => {
      return record && kind === 'spiking' ? new Uint8Array(timesteps * elementCount(shape)) : null;
    });
  }

  /** Takes down the spikes of a core after its update at `step`. */
  keep({ somas, population, neuron }: Core, step: number): void {
    const { populations, timesteps } = this.#program;
    for (let spike = 0; spike < somas.spikeCount; spike++) {
      const compartment = somas.spiked[spike]!;
      const who = population[compartment]!;
      const cell = neuron[compartment]!;
      this.#spikesByStep[who]![step]!++;
      const local = step - populations[who]!.phase;
      if (local < 0 || local >= timesteps) continue;
      const fired = this.#hasFired[who]!;
      fired[cell] = 1;
      const recording = this.#recordings[who];
      if (recording) recording[local * fired.length + cell] = 1;
    }
  }

  activity(): readonly PopulationActivity[] {
    const { populations, timesteps } = this.#program;
    return populations.map(({ phase }, index) => {
      const spikesByStep = this.#spikesByStep[index]!;
      const all = sum(spikesByStep);
      const spikesInWindow = sum(spikesByStep.subarray(phase, phase + timesteps));
      return {
        spikesByStep,
        spikesInWindow,
        spikesOutside: all - spikesInWindow,
        neuronsFired: sum(this.#hasFired[index]!),
        recording: this.#recordings[index]!,
      };
    });
  }
}

function sum(values: Int32Array | Uint8Array): number {
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k]!;
  return total;
}
