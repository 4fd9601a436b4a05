import type { Simulator } from '../../sim/simulate.js';

/** Passes over the sample: as many as this takes, but a few. */
const secondsWanted = 1;
const passesMin = 3;

/**
 * Synapses per second of accumulation alone, over the very spikes of a sample, step by step: the same rows of the same weights
 * in the same order as in a run, so that caches miss where they miss there. Handing the rows over is not timed, and
 * compartments are not updated.
 */
export function kernelRate(simulator: Simulator, drives: readonly Int32Array[]): number {
  const { machine } = simulator;
  const { cores, memory, network } = machine;
  const steps: (readonly number[])[][] = [];
  const step = (): void => {
    steps.push(cores.map(({ somas }) => somas.firing()));
  };
  const { synapticOperations } = simulator.run(drives, { observer: { packets: null, step } });
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1e3 * secondsWanted;
  for (let pass = 0; pass < passesMin || performance.now() < end; pass++) {
    for (const core of cores) core.reset();
    memory.kernels.openNetwork(network, 0);
    let milliseconds = 0;
    for (const firing of steps) {
      for (const [number, { address, compartments, somas }] of cores.entries()) {
        somas.setFiring(firing[number]!);
        if (firing[number]!.length > 0) memory.kernels.send(address, 0, compartments);
      }
      memory.kernels.sendTeams();
      const start = performance.now();
      memory.kernels.accumulateAll(network);
      milliseconds += performance.now() - start;
    }
    best = Math.min(best, milliseconds);
  }
  return synapticOperations / (best / 1e3);
}
