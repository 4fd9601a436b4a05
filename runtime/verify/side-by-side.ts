import type { Program } from '../../schemas/program.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import type { EncodedSample } from '../drive.js';
import { IntegerTwin } from '../twin/twin.js';
import { Chip } from './chip.js';
import { type Comparison, compareSample, requireSameNetwork } from './compare.js';
import { shortenGraph, shortenProgram } from './shorten.js';

interface Pair {
  readonly timesteps: number;
  readonly chip: Chip;
  readonly twin: IntegerTwin;
}

/** A program and the network it was compiled from, run on the same currents with windows of any length up to T. */
export class SideBySide {
  #pair: Pair | null = null;

  /** Throws SW5004 where they do not belong together. The twin runs on the tfjs backend in use. */
  constructor(
    readonly program: Program,
    readonly graph: IntegerSpikeGraph,
  ) {
    requireSameNetwork(program, graph);
  }

  /** Runs one sample, which `comparison` calls by the number `sample`. Throws what loading program and target throws. */
  async compare(drives: EncodedSample, timesteps: number, sample: number): Promise<Comparison> {
    const { chip, twin } = this.#load(timesteps);
    const [expected] = await twin.recordEncoded([drives]);
    const [found] = chip.runEncoded([drives], { record: true }).records;
    return compareSample(chip.program, sample, expected!, found!);
  }

  dispose(): void {
    this.#pair?.twin.dispose();
    this.#pair = null;
  }

  #load(timesteps: number): Pair {
    if (this.#pair?.timesteps === timesteps) return this.#pair;
    this.dispose();
    this.#pair = {
      timesteps,
      chip: new Chip(shortenProgram(this.program, timesteps), { timing: 'off' }),
      twin: new IntegerTwin(shortenGraph(this.graph, timesteps)),
    };
    return this.#pair;
  }
}
