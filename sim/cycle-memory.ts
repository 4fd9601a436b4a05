import type { Core } from './core.js';
import { type InstantMemory, placeInstant } from './instant-memory.js';
import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { lastUpTo } from './machine-view.js';
import { type CycleFigures, messageBytes, placeStations, stationBytes } from './station-memory.js';

/** Bytes of an `Arrival` in kernel/clock-state.ts. */
const arrivalBytes = 32;

/** Words of `Clock` in kernel/clock-state.ts. */
const clockWords = [
  'pending',
  'senders',
  'ports',
  'links',
  'goals',
  'cores',
  'linkCount',
  'occupied',
  'linkBuffer',
  'arrivals',
  'arrivalCount',
  'criticalCore',
  'criticalLink',
  'linkMessages',
  'sendBusy',
  'receiveBusy',
  'instant',
  'stationBits',
] as const;

type ClockWord = (typeof clockWords)[number];

/**
 * Messages of a timestep, in columns: the number of the output axon, counted over all cores; the cores that each went from
 * and to; and picoseconds from the timestep's start.
 */
export interface Arrivals {
  readonly message: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly made: Float64Array;
  readonly arrived: Float64Array;
  readonly begin: Float64Array;
  readonly done: Float64Array;
}

/** Words of a `Goal` in kernel/clock-state.ts, and the one that tells whether its core is watched. */
const goalWords = 4;
const watchedWord = 3;

/** What a timestep's spikes have sent, in ascending order of places in the outboxes: a spike's messages lie side by side. */
interface SentSpikes {
  /** The place of a spike's first message, that message, and the core that sent it. */
  readonly place: Int32Array;
  readonly message: Int32Array;
  readonly from: Int32Array;
}

/** What the loops of kernel/cycle.ts work on, in a machine's memory. */
export class CycleMemory {
  readonly linkMessages: Float64Array;
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
  /** Number of the first message of each core, and one past the last core's. */
  readonly firstMessage: Int32Array;
  readonly #memory: MachineMemory;
  readonly #address: Address;
  readonly #words: Int32Array;
  readonly #times: BigInt64Array;
  readonly #ports: BigInt64Array;
  readonly #unit: number;
  readonly #cores: readonly Core[];
  readonly #outboxes: Address;
  /** Where messages take no time. */
  readonly #instant: InstantMemory | null;
  readonly #goals: Int32Array;
  /** `Arrival`s of the loops, with room for as many as there can be. */
  #arrivals: Uint32Array = new Uint32Array(0);

  constructor(machine: Machine, figures: CycleFigures) {
    const { memory, cores, mesh } = machine;
    const { x, y } = mesh.board;
    this.#memory = memory;
    this.#cores = cores;
    this.#unit = figures.unit;
    this.firstMessage = new Int32Array(cores.length + 1);
    for (const [core, { axonsOut }] of cores.entries()) {
      this.firstMessage[core + 1] = this.firstMessage[core]! + axonsOut.core.length;
    }
    this.#instant = this.#isInstant(figures) ? placeInstant(machine, figures.linkTime) : null;
    const sums = (length: number): Float64Array => memory.float64(memory.reserve(8 * length), length);
    this.linkMessages = this.#instant?.links.messages ?? sums(mesh.linkCount);
    this.sendBusy = sums(cores.length);
    this.receiveBusy = sums(cores.length);
    const { pending, senders, ports, links, outboxes } = placeStations(machine, figures);
    this.#outboxes = outboxes;
    this.#ports = memory.int64(ports, (stationBytes / 8) * cores.length);
    this.#address = memory.reserve(4 * clockWords.length + 48);
    this.#words = memory.int32(this.#address, clockWords.length);
    this.#times = memory.int64(this.#address + 4 * clockWords.length, 6);
    const goals = memory.place(
      Int32Array.from(cores.flatMap(({ number }) => [x[number]!, y[number]!, ports + stationBytes * number, 0])),
    );
    this.#goals = memory.int32(goals, goalWords * cores.length);
    this.#set({
      pending,
      senders,
      ports,
      links,
      goals,
      cores: cores.length,
      linkCount: mesh.linkCount,
      occupied: memory.reserve(8 * mesh.linkCount),
      stationBits: figures.stationBits,
      linkBuffer: Math.min(figures.buffer, 2 ** 31 - 1),
      linkMessages: this.linkMessages.byteOffset,
      sendBusy: this.sendBusy.byteOffset,
      receiveBusy: this.receiveBusy.byteOffset,
    });
    const { updateActive, updateInactive, spikeOut, withinTile } = figures;
    this.#times.set([updateActive, updateInactive, spikeOut, withinTile].map(BigInt));
    memory.float64(this.#address + 4 * clockWords.length + 40, 1)[0] = figures.unit;
  }

  /** Keeps the messages that these cores are sent in the coming timesteps for `arrivals`; null: those of all. */
  keepArrivals(receivers: ReadonlySet<number> | null): void {
    const isWatched = Int32Array.from(this.#cores, ({ number }) => (receivers?.has(number) === false ? 0 : 1));
    for (const [core, watched] of isWatched.entries()) this.#goals[goalWords * core + watchedWord] = watched;
    let most = 0;
    for (const { axonsOut } of this.#cores) for (const to of axonsOut.core) most += isWatched[to]!;
    if (this.#arrivals.byteLength < arrivalBytes * most) {
      const address = this.#memory.reserve(arrivalBytes * most);
      this.#arrivals = this.#memory.uint32(address, (arrivalBytes / 4) * most);
    }
    this.#follow(most > 0);
  }

  keepNoArrivals(): void {
    this.#follow(false);
  }

  #follow(keeps: boolean): void {
    this.#set({ arrivals: keeps ? this.#arrivals.byteOffset : 0 });
    if (this.#instant === null) return;
    // Single messages are followed by the loops for any figures; those count the links' messages themselves.
    for (const { axonsOut } of this.#cores) axonsOut.sentOn.fill(0);
    this.#set({ instant: keeps ? 0 : this.#instant.address });
  }

  /** One timestep; `hostWork` [cores] in picoseconds. How long it takes, in picoseconds, and what was critical. */
  run(hostWork: Float64Array): { readonly last: number; readonly criticalCore: number; readonly criticalLink: number } {
    for (let core = 0; core < hostWork.length; core++) {
      this.#ports[(stationBytes / 8) * core + 6] = BigInt(hostWork[core]! / this.#unit);
    }
    this.#memory.kernels.runTimestep(this.#address);
    const [criticalCore, criticalLink] = [this.#get('criticalCore'), this.#get('criticalLink')];
    return { last: Number(this.#times[4]!) * this.#unit, criticalCore, criticalLink };
  }

  /** The messages of the last timestep, where they were kept; those for one core in the order in which it took them. */
  arrivals(): Arrivals {
    const spikes = this.#sentSpikes();
    const words = this.#arrivals;
    const sent = this.#memory.uint32(this.#outboxes, (messageBytes / 4) * this.firstMessage.at(-1)!);
    const count = this.#get('arrivalCount');
    const found: Arrivals = {
      message: new Int32Array(count),
      from: new Int32Array(count),
      to: new Int32Array(count),
      made: new Float64Array(count),
      arrived: new Float64Array(count),
      begin: new Float64Array(count),
      done: new Float64Array(count),
    };
    for (let index = 0; index < count; index++) {
      const at = (arrivalBytes / 4) * index;
      const place = (words[at]! - this.#outboxes) / messageBytes;
      const spike = lastUpTo(spikes.place, spikes.place.length, place);
      found.message[index] = spikes.message[spike]! + place - spikes.place[spike]!;
      found.from[index] = spikes.from[spike]!;
      found.to[index] = words[at + 1]!;
      found.made[index] = this.#picoseconds(sent, (messageBytes / 4) * place + 4);
      found.arrived[index] = this.#picoseconds(words, at + 2);
      found.begin[index] = this.#picoseconds(words, at + 4);
      found.done[index] = this.#picoseconds(words, at + 6);
    }
    return found;
  }

  /** The time in two words, of which the lower comes first. */
  #picoseconds(words: Uint32Array, at: number): number {
    return (words[at + 1]! * 2 ** 32 + words[at]!) * this.#unit;
  }

  #sentSpikes(): SentSpikes {
    const most = this.#cores.reduce((sum, { somas }) => sum + somas.spikeCount, 0);
    const spikes = { place: new Int32Array(most), message: new Int32Array(most), from: new Int32Array(most) };
    let count = 0;
    for (const { number, somas, axonsOut } of this.#cores) {
      const first = this.firstMessage[number]!;
      let place = first;
      for (let spike = 0; spike < somas.spikeCount; spike++) {
        const compartment = somas.spiked[spike]!;
        const entry = axonsOut.offsets[compartment]!;
        const past = axonsOut.offsets[compartment + 1]!;
        if (past === entry) continue;
        spikes.place[count] = place;
        spikes.message[count] = first + entry;
        spikes.from[count++] = number;
        place += past - entry;
      }
    }
    const { place, message, from } = spikes;
    return { place: place.subarray(0, count), message: message.subarray(0, count), from: from.subarray(0, count) };
  }

  /** True where messages are made and cross the mesh in no time and always find room. */
  #isInstant({ spikeOut, withinTile, linkTime, buffer }: CycleFigures): boolean {
    const isQuick = spikeOut === 0 && withinTile === 0 && linkTime.every((time) => time === 0);
    return isQuick && buffer >= this.firstMessage.at(-1)!;
  }

  #get(word: ClockWord): number {
    return this.#words[clockWords.indexOf(word)]!;
  }

  #set(words: Partial<Readonly<Record<ClockWord, number>>>): void {
    for (const [word, value] of Object.entries(words)) this.#words[clockWords.indexOf(word as ClockWord)] = value;
  }
}
