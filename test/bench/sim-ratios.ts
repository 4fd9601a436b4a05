/**
 * The timing modes of the simulator against each other in one process, where they take turns: `sim-ratios NET FOLDER`, where
 * `sim-network` has written the network; the result on standard output.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeImages } from '../../runtime/drive.js';
import { decodeProgram } from '../../schemas/program-file.js';
import { readTarget } from '../../schemas/target-file.js';
import { Simulator } from '../../sim/simulate.js';
import { imageCounts, type NetworkName } from './networks.js';

/** Of the fastest run of each mode, by processor time, which others on the machine lengthen least. */
export interface SimRatios {
  readonly net: string;
  readonly analyticToOff: number;
  readonly cycleToOff: number;
  /** Messages by the time that `cycle` takes: all of it, and what it takes beyond `off`, that is its clock alone. */
  readonly messagesPerSecond: number;
  readonly clockMessagesPerSecond: number;
  /** Links that they cross, by the same times. */
  readonly crossingsPerSecond: number;
  readonly clockCrossingsPerSecond: number;
}

/** Runs of every mode: as many as this takes, but a few. */
const secondsWanted = 6;
const runsMin = 5;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const [net, folder] = process.argv.slice(2) as [NetworkName, string];
const program = decodeProgram(readFileSync(join(folder, 'program.swp')), net);
const images = new Float32Array(Uint8Array.from(readFileSync(join(folder, 'images.f32'))).buffer);
const [drives] = encodeImages(program.drives, images.subarray(0, images.length / imageCounts[net][1]));
const target = readTarget(program.targetJson, net);
const modes = (['off', 'analytic', 'cycle'] as const).map((timing) => new Simulator(program, target, { timing }));
const best = modes.map(() => Number.POSITIVE_INFINITY);
let [messages, hops] = [0, 0];
const end = performance.now() + 1e3 * secondsWanted;
for (let run = 0; run < runsMin || performance.now() < end; run++) {
  for (const [index, simulator] of modes.entries()) {
    const start = cpuSeconds();
    ({ messages, hops } = simulator.run(drives!));
    best[index] = Math.min(best[index]!, cpuSeconds() - start);
  }
}
const [off, analytic, cycle] = best as [number, number, number];
const ratios: SimRatios = {
  net,
  analyticToOff: analytic / off,
  cycleToOff: cycle / off,
  messagesPerSecond: messages / cycle,
  clockMessagesPerSecond: messages / (cycle - off),
  crossingsPerSecond: hops / cycle,
  clockCrossingsPerSecond: hops / (cycle - off),
};
process.stdout.write(JSON.stringify(ratios));
