import type { Core } from './core.js';
import { type InstantMemory, placeInstant } from './instant-memory.js';
import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { linkDirections, type Mesh } from './mesh.js';
import { placePending } from './pending-memory.js';

/** Bytes of one sending unit, port or link; an axon; a message; a passage; and an arrival, as in kernel/clock-state.ts. */
const stationBytes = 64;
const linkWorkBytes = 16;
const axonBytes = 8;
const messageBytes = 24;
const passageBytes = 16;
const arrivalBytes = 32;

/** Words of `Clock` in kernel/clock-state.ts. */
const clockWords = [
  'pending',
  'senders',
  'ports',
  'links',
  'tiles',
  'cores',
  'linkCount',
  'linkWork',
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

/** The figures that follow them, in units. */
export interface CycleFigures {
  readonly updateActive: number;
  readonly updateInactive: number;
  readonly spikeOut: number;
  readonly withinTile: number;
  readonly axonIn: number;
  readonly synapticOperation: number;
  /** Picoseconds of a unit. */
  readonly unit: number;
  /** By link. */
  readonly linkTime: Float64Array;
  /** Messages that a link, port or input queue holds; may be infinite. */
  readonly buffer: number;
}

/**
 * A message of the last timestep: the number of its output axon, counted over all cores; the cores that it went from and to;
 * and picoseconds from the timestep's start.
 */
export interface Arrival {
  readonly message: number;
  readonly from: number;
  readonly to: number;
  readonly made: number;
  readonly arrived: number;
  readonly begin: number;
  readonly done: number;
}

/** `Arrival`s of the loops, as words and as times. */
interface ArrivalTables {
  readonly words: Int32Array;
  readonly times: BigInt64Array;
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
  /** Where the outboxes of all cores lie, one behind the other, each with room for a message of every output axon. */
  readonly #outbox: Address;
  /** Where messages take no time. */
  readonly #instant: InstantMemory | null;
  #arrivals: ArrivalTables | null = null;

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
    const ports = placePorts(machine, figures.buffer);
    const axons = placeAxons(machine, this.firstMessage, figures);
    this.#outbox = memory.reserve(messageBytes * this.firstMessage.at(-1)!);
    this.#ports = memory.int64(ports, (stationBytes / 8) * cores.length);
    this.#address = memory.reserve(4 * clockWords.length + 48);
    this.#words = memory.int32(this.#address, clockWords.length);
    this.#times = memory.int64(this.#address + 4 * clockWords.length, 6);
    const pending = placePending(machine, figures.linkTime);
    const senders = reserveStations(memory, cores.length);
    // The loops know links by their addresses, which come after those of all other stations.
    const links = placeLinks(machine, figures.linkTime, pending.laneOf);
    placeSenders(machine, senders, links, this.firstMessage, axons, this.#outbox);
    this.#set({
      pending: pending.address,
      senders,
      ports,
      links,
      tiles: memory.place(Int32Array.from(cores.flatMap(({ number }) => [x[number]!, y[number]!]))),
      cores: cores.length,
      linkCount: mesh.linkCount,
      linkWork: memory.reserve(linkWorkBytes * mesh.linkCount),
      stationBits: Math.ceil(Math.log2(3 * cores.length + mesh.linkCount)),
      linkBuffer: Math.min(figures.buffer, 2 ** 31 - 1),
      linkMessages: this.linkMessages.byteOffset,
      sendBusy: this.sendBusy.byteOffset,
      receiveBusy: this.receiveBusy.byteOffset,
    });
    const { updateActive, updateInactive, spikeOut, withinTile } = figures;
    this.#times.set([updateActive, updateInactive, spikeOut, withinTile].map(BigInt));
    memory.float64(this.#address + 4 * clockWords.length + 40, 1)[0] = figures.unit;
  }

  /** Keeps the messages of the coming timesteps for `arrivals`, or no longer. */
  keepArrivals(keeps: boolean): void {
    if (keeps && this.#arrivals === null) {
      const messages = this.firstMessage.at(-1)!;
      const address = this.#memory.reserve(arrivalBytes * messages);
      this.#arrivals = {
        words: this.#memory.int32(address, (arrivalBytes / 4) * messages),
        times: this.#memory.int64(address, (arrivalBytes / 8) * messages),
      };
    }
    this.#set({ arrivals: keeps ? this.#arrivals!.words.byteOffset : 0 });
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
  arrivals(): readonly Arrival[] {
    const { words, times } = this.#arrivals!;
    const made = this.#memory.int64(this.#outbox, (messageBytes / 8) * this.firstMessage.at(-1)!);
    const sent = this.#sent();
    const picoseconds = (time: bigint): number => Number(time) * this.#unit;
    return Array.from({ length: this.#get('arrivalCount') }, (_, index) => {
      const place = (words[(arrivalBytes / 4) * index]! - this.#outbox) / messageBytes;
      const [arrived, begin, done] = times.subarray((arrivalBytes / 8) * index + 1) as unknown as bigint[];
      return {
        ...sent.get(place)!,
        to: words[(arrivalBytes / 4) * index + 1]!,
        made: picoseconds(made[(messageBytes / 8) * place + 2]!),
        arrived: picoseconds(arrived!),
        begin: picoseconds(begin!),
        done: picoseconds(done!),
      };
    });
  }

  /** The messages of the last timestep by their places in the outboxes. */
  #sent(): ReadonlyMap<number, Pick<Arrival, 'message' | 'from'>> {
    const sent = new Map<number, Pick<Arrival, 'message' | 'from'>>();
    for (const { number, somas, axonsOut } of this.#cores) {
      const first = this.firstMessage[number]!;
      let place = first;
      for (let spike = 0; spike < somas.spikeCount; spike++) {
        const compartment = somas.spiked[spike]!;
        for (let entry = axonsOut.offsets[compartment]!; entry < axonsOut.offsets[compartment + 1]!; entry++) {
          sent.set(place++, { message: first + entry, from: number });
        }
      }
    }
    return sent;
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

/** Room for `count` stations, each in a cache line of its own. */
function reserveStations(memory: MachineMemory, count: number): Address {
  return Math.ceil(memory.reserve(stationBytes * (count + 1)) / stationBytes) * stationBytes;
}

function placeSenders(
  { memory, cores, mesh }: Machine,
  address: Address,
  links: Address,
  firstMessage: Int32Array,
  axons: Address,
  outbox: Address,
): void {
  const { x, y } = mesh.board;
  for (const [number, core] of cores.entries()) {
    const first = firstMessage[number]!;
    const tile = tileWords(mesh, links, x[number]!, y[number]!);
    const tables = [axons + axonBytes * first, outbox + messageBytes * first];
    const words = [...tile, core.address, core.compartments, ...tables];
    memory.int32(address + stationBytes * number + 12, words.length).set(words);
  }
}

function placePorts({ memory, cores }: Machine, buffer: number): Address {
  const address = reserveStations(memory, cores.length);
  const most = new Float64Array(cores.length);
  for (const { axonsOut } of cores) for (const to of axonsOut.core) most[to]!++;
  for (const number of cores.keys()) {
    // A buffer that holds all messages of a timestep is as good as an infinite one.
    const size = buffer < most[number]! ? buffer : 0;
    memory.int32(address + stationBytes * number + 8, 2).set([size, memory.reserve(passageBytes * size)]);
  }
  return address;
}

function placeLinks(
  { memory, cores, mesh }: Machine,
  linkTime: Float64Array,
  laneOf: ReadonlyMap<number, Address>,
): Address {
  const address = reserveStations(memory, mesh.linkCount);
  const { columns } = mesh.board;
  for (let link = 0; link < mesh.linkCount; link++) {
    const end = mesh.linkEnd(link);
    const tile = tileWords(mesh, address, end % columns, Math.floor(end / columns));
    const words = [3 * cores.length + link, ...tile, laneOf.get(linkTime[link]!) ?? 0];
    memory.int32(address + stationBytes * link + 44, words.length).set(words);
  }
  return address;
}

/** A tile as stations know it: the first of the links out of it, and its column and row. */
function tileWords(mesh: Mesh, links: Address, column: number, row: number): readonly number[] {
  return [links + stationBytes * mesh.linkAt({ column, row, direction: linkDirections[0] }), column, row];
}

function placeAxons(
  { memory, cores }: Machine,
  firstMessage: Int32Array,
  { axonIn, synapticOperation }: CycleFigures,
): Address {
  const count = firstMessage.at(-1)!;
  const address = memory.reserve(axonBytes * count);
  const words = memory.int32(address, (axonBytes / 4) * count);
  // What a message costs depends on the synapses that it finds: few numbers, of millions of axons.
  const places: Address[] = [];
  let at = 0;
  for (const { axonsOut } of cores) {
    const { core, synapses } = axonsOut;
    for (let entry = 0; entry < core.length; entry++) {
      const found = synapses[entry]!;
      words[at++] = core[entry]!;
      words[at++] = places[found] ??= memory.place(cost(axonIn + found * synapticOperation));
    }
  }
  return address;
}

/** A time of whole units as the loops read it. */
function cost(time: number): Uint32Array {
  return new Uint32Array(BigInt64Array.of(BigInt(time)).buffer);
}
