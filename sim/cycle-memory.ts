import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';

/** Stations of the wheel in kernel/event-queue.ts. */
const slotCount = 4096;
/** Bytes of one sending unit, port or link; a message; a passage; and an arrival, as in kernel/cycle.ts. */
const stationBytes = 64;
const messageBytes = 16;
const passageBytes = 16;
const arrivalBytes = 24;
/** Marks the end of a list. */
const none = -1;

/** Words of `Clock` in kernel/cycle.ts. */
const clockWords = [
  'queue',
  'senders',
  'ports',
  'links',
  'messages',
  'cores',
  'linkCount',
  'columns',
  'linkBuffer',
  'madeTimes',
  'arrivals',
  'arrivalCount',
  'criticalCore',
  'criticalLink',
  'linkMessages',
  'sendBusy',
  'receiveBusy',
  'unused',
] as const;

type ClockWord = (typeof clockWords)[number];

/** The figures that follow them, in units. */
export interface CycleFigures {
  readonly updateActive: number;
  readonly updateInactive: number;
  readonly spikeOut: number;
  readonly withinTile: number;
  /** Picoseconds of a unit. */
  readonly unit: number;
  /** By link. */
  readonly linkTime: Float64Array;
  /** Of the message of each output axon, by core. */
  readonly work: readonly Float64Array[];
  /** Messages that a link, port or input queue holds; may be infinite. */
  readonly buffer: number;
  /** A slot of the event queue has 2^slotShift units. */
  readonly slotShift: number;
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

interface ArrivalTables {
  /** By message: when it was made, and by which core. */
  readonly made: BigInt64Array;
  readonly from: Int32Array;
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
  /** By message, several words each: where it goes to, and its work in units. */
  readonly #messages: Int32Array;
  readonly #work: BigInt64Array;
  #arrivals: ArrivalTables | null = null;

  constructor(machine: Machine, figures: CycleFigures) {
    const { memory, cores, mesh } = machine;
    this.#memory = memory;
    this.#unit = figures.unit;
    this.firstMessage = new Int32Array(cores.length + 1);
    for (const [core, { axonsOut }] of cores.entries()) {
      this.firstMessage[core + 1] = this.firstMessage[core]! + axonsOut.core.length;
    }
    const [linkMessages, sendBusy, receiveBusy] = [mesh.linkCount, cores.length, cores.length].map((length) =>
      memory.reserve(8 * length),
    ) as [Address, Address, Address];
    this.linkMessages = memory.float64(linkMessages, mesh.linkCount);
    this.sendBusy = memory.float64(sendBusy, cores.length);
    this.receiveBusy = memory.float64(receiveBusy, cores.length);
    const ports = placePorts(machine, figures.buffer);
    const messages = placeMessages(machine, this.firstMessage, figures.work);
    const count = this.firstMessage.at(-1)!;
    this.#messages = memory.int32(messages, (messageBytes / 4) * count);
    this.#work = memory.int64(messages, (messageBytes / 8) * count);
    this.#ports = memory.int64(ports, (stationBytes / 8) * cores.length);
    this.#address = memory.reserve(4 * clockWords.length + 48);
    this.#words = memory.int32(this.#address, clockWords.length);
    this.#times = memory.int64(this.#address + 4 * clockWords.length, 6);
    this.#set({
      queue: placeQueue(memory, 3 * cores.length + mesh.linkCount, figures.slotShift),
      senders: placeSenders(machine, this.firstMessage),
      ports,
      links: placeLinks(machine, figures.linkTime),
      messages,
      cores: cores.length,
      linkCount: mesh.linkCount,
      columns: mesh.board.columns,
      linkBuffer: Math.min(figures.buffer, 2 ** 31 - 1),
      linkMessages,
      sendBusy,
      receiveBusy,
    });
    const { updateActive, updateInactive, spikeOut, withinTile } = figures;
    this.#times.set([updateActive, updateInactive, spikeOut, withinTile].map(BigInt));
    memory.float64(this.#address + 4 * clockWords.length + 40, 1)[0] = figures.unit;
  }

  /** Keeps the messages of the coming timesteps for `arrivals`, or no longer. */
  keepArrivals(keeps: boolean): void {
    if (!keeps) {
      this.#set({ madeTimes: 0, arrivals: 0 });
      return;
    }
    const messages = this.firstMessage.at(-1)!;
    const memory = this.#memory;
    if (this.#arrivals === null) {
      const [made, arrivals] = [memory.reserve(8 * messages), memory.reserve(arrivalBytes * messages)];
      this.#arrivals = {
        made: memory.int64(made, messages),
        from: new Int32Array(messages),
        words: memory.int32(arrivals, (arrivalBytes / 4) * messages),
        times: memory.int64(arrivals, (arrivalBytes / 8) * messages),
      };
    }
    for (let core = 0; core + 1 < this.firstMessage.length; core++) {
      this.#arrivals.from.fill(core, this.firstMessage[core], this.firstMessage[core + 1]);
    }
    this.#set({ madeTimes: this.#arrivals.made.byteOffset, arrivals: this.#arrivals.words.byteOffset });
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
    const { made, words, times, from } = this.#arrivals!;
    const unit = this.#unit;
    return Array.from({ length: this.#get('arrivalCount') }, (_, index) => {
      const message = words[(arrivalBytes / 4) * index]!;
      const done = Number(times[(arrivalBytes / 8) * index + 2]!);
      return {
        message,
        from: from[message]!,
        to: this.#messages[(messageBytes / 4) * message]!,
        made: Number(made[message]!) * unit,
        arrived: Number(times[(arrivalBytes / 8) * index + 1]!) * unit,
        begin: (done - Number(this.#work[(messageBytes / 8) * message + 1]!)) * unit,
        done: done * unit,
      };
    });
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

function placeSenders({ memory, cores, mesh }: Machine, firstMessage: Int32Array): Address {
  const address = reserveStations(memory, cores.length);
  const { x, y } = mesh.board;
  for (const [number, core] of cores.entries()) {
    const words = [core.address, x[number]!, y[number]!, core.compartments, firstMessage[number]!];
    memory.int32(address + stationBytes * number, words.length).set(words);
  }
  return address;
}

function placePorts({ memory, cores, mesh }: Machine, buffer: number): Address {
  const address = reserveStations(memory, cores.length);
  const { x, y } = mesh.board;
  const most = new Float64Array(cores.length);
  for (const { axonsOut } of cores) for (const to of axonsOut.core) most[to]!++;
  for (const number of cores.keys()) {
    // A buffer that holds all messages of a timestep is as good as an infinite one.
    const size = buffer < most[number]! ? buffer : 0;
    const words = [x[number]!, y[number]!, size, memory.reserve(passageBytes * size), 0, 0, none, none];
    memory.int32(address + stationBytes * number, words.length).set(words);
  }
  return address;
}

function placeLinks({ memory, mesh }: Machine, linkTime: Float64Array): Address {
  const address = reserveStations(memory, mesh.linkCount);
  const { columns } = mesh.board;
  for (let link = 0; link < mesh.linkCount; link++) {
    const end = mesh.linkEnd(link);
    const at = address + stationBytes * link;
    memory.int32(at, 8).set([0, 0, 0, none, none, none, end % columns, Math.floor(end / columns)]);
    memory.int64(at, stationBytes / 8)[5] = BigInt(linkTime[link]!);
  }
  return address;
}

function placeMessages({ memory, cores }: Machine, firstMessage: Int32Array, work: readonly Float64Array[]): Address {
  const count = firstMessage.at(-1)!;
  const address = memory.reserve(messageBytes * count);
  const words = memory.int32(address, (messageBytes / 4) * count);
  const times = memory.int64(address, (messageBytes / 8) * count);
  for (const [number, { axonsOut }] of cores.entries()) {
    for (const [entry, to] of axonsOut.core.entries()) {
      const message = firstMessage[number]! + entry;
      words[(messageBytes / 4) * message] = to;
      times[(messageBytes / 8) * message + 1] = BigInt(work[number]![entry]!);
    }
  }
  return address;
}

function placeQueue(memory: MachineMemory, stations: number, slotShift: number): Address {
  const slots = memory.place(new Int32Array(slotCount).fill(none));
  const bits = memory.reserve(slotCount / 8);
  const [times, nexts, heap] = [8, 4, 4].map((bytes) => memory.reserve(bytes * stations));
  const size = 16 * stations;
  const list = memory.reserve(2 * size);
  return memory.place(
    Uint32Array.of(slots, bits, times!, nexts!, list + size, list, list + 2 * size, heap!, slotShift),
  );
}
