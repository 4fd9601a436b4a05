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

  /** Takes down spikes first … end − 1 of a core, all of one population, after its update at `step` of the sample. */
  keep({ somas, neuron }: Core, population: number, first: number, end: number, step: number): void {
    const { populations, timesteps } = this.#program;
    this.#spikesByStep[population]![step]! += end - first;
    const local = step - populations[population]!.phase;
    if (local < 0 || local >= timesteps) return;
    const fired = this.#hasFired[population]!;
    const recording = this.#recordings[population];
    for (let spike = first; spike < end; spike++) {
      const cell = neuron[somas.spiked[spike]!]!;
      fired[cell] = 1;
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
