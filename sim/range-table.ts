import type { Program } from '../schemas/program.js';
import type { Core } from './core.js';
import { CoreState } from './core-state.js';
import { aheadBytes, canLookAhead, patternMembers } from './look-ahead.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Words of a `Window` and of a `Range` in kernel/range-state.ts; the range's doubles follow. */
const windowWords = { row: 0, inWindow: 1, spikes: 2 } as const;
const windowBytes = 16;
const rangeWords = { firstSpike: 10, endSpike: 11, ahead: 14, isAhead: 15, members: 18, timesteps: 20 } as const;
const rangeBytes = 184;
/** The first of the doubles between, that tell how far membranes may have got. */
const rangeReach = 11;
const rangeCounts = [
  'active',
  'saturations',
  'inputsBeyondMax',
  'spikes',
  'messages',
  'eastWest',
  'northSouth',
  'crossings',
] as const;
const rangeCountsAt = rangeBytes - 8 * rangeCounts.length;

/** What a range that is not the first of its population sends to merged synapses beside that. */
const sentNothing = new Float64Array(4);

/** What a range did since it was last asked. */
export type RangeCounts = Readonly<Record<(typeof rangeCounts)[number], number>>;

/** All ranges of a machine's cores, as they are updated together, core by core, as the loops over them read them, and the windows of the populations. */
export class RangeTable {
  readonly #memory: MachineMemory;
  readonly #windows: Int32Array;
  readonly #address: Address;
  /** `sent`: what the core sent to merged synapses for the population, if the range is the first of it. */
  readonly #ranges: readonly {
    readonly core: number;
    readonly population: number;
    readonly sent: Float64Array | null;
  }[];
  readonly #words: Int32Array;
  readonly #counts: Float64Array;

  constructor(memory: MachineMemory, program: Program, cores: readonly Core[]) {
    this.#memory = memory;
    const { populations } = program;
    const windows = memory.reserve(windowBytes * populations.length);
    this.#windows = memory.int32(windows, (windowBytes / 4) * populations.length);
    this.#ranges = cores.flatMap(({ number, spans: ranges, axonsOut }) =>
      ranges.map(({ population }, index) => {
        const isFirst = ranges.findIndex((range) => range.population === population) === index;
        return { core: number, population, sent: isFirst ? axonsOut.sent.get(population)! : null };
      }),
    );
    this.#address = memory.reserve(rangeBytes * this.#ranges.length);
    this.#words = memory.int32(this.#address, (rangeBytes / 4) * this.#ranges.length);
    this.#counts = memory.float64(this.#address, (rangeBytes / 8) * this.#ranges.length);
    const driveMost = largest(program.drives.map(({ grid }) => grid!.mantissaMax * 2 ** grid!.exponent));
    let row = 0;
    for (const { number, address, spans: ranges, dendrites } of cores) {
      const { drive, bias, biasRowBytes } = dendrites.places;
      const image = program.cores[number]!;
      const resetMost = largest(image.profiles.map(({ resetBy }) => largest(resetBy)));
      const biasMost = largest(image.bias.data);
      for (const [index, { population, first: from, end, spiking }] of ranges.entries()) {
        const window = windows + windowBytes * population;
        const [opens, closes] = [index === 0 ? 1 : 0, index === ranges.length - 1 ? 1 : 0];
        const words = [address, window, from, end, spiking ? 1 : 0, opens, closes, drive, bias, biasRowBytes];
        this.#words.set(words, (rangeBytes / 4) * row);
        if (ranges.length === 1 && spiking && drive !== 0 && canLookAhead(image, driveMost)) {
          const at = (rangeBytes / 4) * row;
          const state = new CoreState(memory, address);
          const patterns = memory.uint32(state.get('patterns'), image.compartmentCount);
          const members = state.get('inTeam') === 1 ? patternMembers(patterns) : new Uint32Array(0);
          const first = memory.placeOnce(members);
          this.#words[at + rangeWords.ahead] = memory.reserve(aheadBytes(program, image.compartmentCount));
          this.#words.set([first, first + members.byteLength], at + rangeWords.members);
          this.#words[at + rangeWords.timesteps] = program.timesteps;
        }
        this.#counts.set([0, driveMost, biasMost, resetMost], (rangeBytes / 8) * row + rangeReach);
        row++;
      }
    }
  }

  /** The start of a sample, or of several that overlap. */
  reset(): void {
    for (let range = 0; range < this.#ranges.length; range++) {
      const at = (rangeBytes * range + rangeCountsAt) / 8;
      this.#counts.fill(0, at, at + rangeCounts.length);
      this.#counts[(rangeBytes / 8) * range + rangeReach] = 0;
      // A core that sleeps through the beginning of its window does not run ahead.
      this.#words[(rangeBytes / 4) * range + rangeWords.isAhead] = 0;
      this.#ranges[range]!.sent?.fill(0);
    }
  }

  /** Local time of a population in the coming timestep: the row of its parameter tables, and whether its window is open. */
  setWindow(population: number, row: number, inWindow: boolean): void {
    const at = (windowBytes / 4) * population;
    this.#windows[at + windowWords.row] = row;
    this.#windows[at + windowWords.inWindow] = inWindow ? 1 : 0;
    this.#windows[at + windowWords.spikes] = 0;
  }

  /** Neuron updates of all cores; afterwards their `somas` tell who fired. */
  update(): void {
    this.#memory.kernels.updateRanges(this.#address, this.#addressOf(this.#ranges.length));
  }

  /** Counts the spikes of all cores. */
  noteSpikes(): void {
    this.#memory.kernels.noteSpikes(this.#address, this.#addressOf(this.#ranges.length));
  }

  /** Wakes the cores to which a drive that has been loaded gives a current. */
  wakeDriven(): void {
    this.#memory.kernels.wakeDriven(this.#address, this.#addressOf(this.#ranges.length));
  }

  /** Sends the messages of all spikes that were counted. */
  send(): void {
    this.#memory.kernels.sendRanges(this.#address, this.#addressOf(this.#ranges.length));
  }

  /** Spikes of a population in this timestep. */
  spikes(population: number): number {
    return this.#windows[(windowBytes / 4) * population + windowWords.spikes]!;
  }

  /** Calls `visit` for every range with spikes in this timestep: its core, population, and their places in `somas.spiked`. */
  forEachSpiking(visit: (core: number, population: number, firstSpike: number, endSpike: number) => void): void {
    for (const [index, { core, population }] of this.#ranges.entries()) {
      const at = (rangeBytes / 4) * index;
      const [first, end] = [this.#words[at + rangeWords.firstSpike]!, this.#words[at + rangeWords.endSpike]!];
      if (end > first) visit(core, population, first, end);
    }
  }

  /** Neurons of a population that have fired in its window since this was last asked. */
  takeFired(population: number): number {
    const window = this.#windows.byteOffset + windowBytes * population;
    return this.#memory.kernels.takeFired(this.#address, this.#addressOf(this.#ranges.length), window);
  }

  /** Calls `visit` with what the ranges of some populations did since this was last asked, as far as they did anything. */
  takeCounts(
    populations: readonly boolean[],
    visit: (core: number, population: number, counts: RangeCounts) => void,
  ): void {
    this.#memory.kernels.settle();
    const counts = this.#counts;
    for (let range = 0; range < this.#ranges.length; range++) {
      const { core, population } = this.#ranges[range]!;
      if (!populations[population]) continue;
      const at = (rangeBytes * range + rangeCountsAt) / 8;
      const sent = this.#ranges[range]!.sent ?? sentNothing;
      // No spike without an active update, no message without a spike, if of another range; those of faults are counted like any.
      if (counts[at] === 0 && counts[at + 3] === 0 && sent[0] === 0) continue;
      visit(core, population, {
        active: counts[at]!,
        saturations: counts[at + 1]!,
        inputsBeyondMax: counts[at + 2]!,
        spikes: counts[at + 3]!,
        messages: counts[at + 4]! + sent[0]!,
        eastWest: counts[at + 5]! + sent[1]!,
        northSouth: counts[at + 6]! + sent[2]!,
        crossings: counts[at + 7]! + sent[3]!,
      });
      sent.fill(0);
      counts.fill(0, at, at + rangeCounts.length);
    }
  }

  #addressOf(range: number): Address {
    return this.#address + rangeBytes * range;
  }
}

/** The largest magnitude of some numbers; 0 of none. */
function largest(values: readonly number[] | Int32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
