import type { Machine } from '../../sim/machine.js';
import type { Simulator } from '../../sim/simulate.js';

/** Passes over the sample: as many as this takes, but a few. */
const secondsWanted = 1;
const passesMin = 3;

/** The first words of what sim/kernel/merged-state.ts calls Network: states of cores, and sheets of so many bytes. */
type NetworkWords = readonly [begin: number, end: number, sheets: number, pastSheets: number];
const networkWords = 4;
const sheetBytes = 56;

/**
 * Synapses per second of accumulation alone, over the very spikes of a sample, step by step: the same rows of the same weights
 * in the same order as in a run, so that caches miss where they miss there. Finding the rows is not timed, and compartments
 * are not updated.
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
        if (firing[number]!.length === 0) continue;
        memory.kernels.sendCore(address);
        memory.kernels.send(address, 0, compartments);
      }
      memory.kernels.sendTeams();
      milliseconds += accumulationTime(machine);
    }
    best = Math.min(best, milliseconds);
  }
  return synapticOperations / (best / 1e3);
}

/** Milliseconds that the sums of what was sent take. */
function accumulationTime({ memory, network }: Machine): number {
  const { kernels } = memory;
  const [begin, end, sheets, pastSheets] = memory.uint32(network, networkWords) as unknown as NetworkWords;
  const start = performance.now();
  kernels.accumulateCores(begin, end);
  let milliseconds = performance.now() - start;
  for (let sheet = sheets; sheet < pastSheets; sheet += sheetBytes) {
    kernels.gatherSheet(network, sheet);
    const gathered = performance.now();
    kernels.addSheet(sheet);
    milliseconds += performance.now() - gathered;
  }
  kernels.turnPlane(network);
  return milliseconds;
}
