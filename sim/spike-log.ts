import type { Program } from '../schemas/program.js';
import { elementCount } from '../schemas/tensor.js';
import type { Core } from './core.js';
import type { PopulationActivity } from './sample-result.js';

/** Spikes of one sample by population and step, and, where asked for, each of them. */
export class SpikeLog {
  readonly #program: Program;
  readonly #spikesByStep: readonly Int32Array[];
  readonly #neuronsFired: Int32Array;
  readonly #recordings: readonly (Uint8Array | null)[];

  constructor(program: Program, record: boolean) {
    const { populations, stepsPerSample, timesteps } = program;
    this.#program = program;
    this.#spikesByStep = populations.map(() => new Int32Array(stepsPerSample));
    this.#neuronsFired = new Int32Array(populations.length);
    this.#recordings = populations.map(({ kind, shape }) => {
      return record && kind === 'spiking' ? new Uint8Array(timesteps * elementCount(shape)) : null;
    });
  }

  /** Takes down how many neurons of a population fired at `step` of the sample. */
  count(population: number, spikes: number, step: number): void {
    this.#spikesByStep[population]![step]! += spikes;
  }

  /** Takes down how many neurons of a population have fired in its window. */
  close(population: number, neuronsFired: number): void {
    this.#neuronsFired[population] = neuronsFired;
  }

  /** Keeps spikes first … end − 1 of a core, all of one population, at `step` of the sample, where they are asked for. */
  keep({ somas, neuron }: Core, population: number, first: number, end: number, step: number): void {
    const recording = this.#recordings[population];
    const { populations, timesteps } = this.#program;
    const { phase, shape } = populations[population]!;
    const local = step - phase;
    if (!recording || local < 0 || local >= timesteps) return;
    const start = local * elementCount(shape);
    for (let spike = first; spike < end; spike++) recording[start + neuron[somas.spiked[spike]!]!] = 1;
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
        neuronsFired: this.#neuronsFired[index]!,
        recording: this.#recordings[index]!,
      };
    });
  }
}

function sum(values: Int32Array): number {
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k]!;
  return total;
}
