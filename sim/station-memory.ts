import type { Machine } from './machine.js';
import type { Address, MachineMemory } from './machine-memory.js';
import { linkDirections, type Mesh } from './mesh.js';
import { placePending } from './pending-memory.js';

/** Bytes of one sending unit, port or link, and of a message, as in kernel/clock-state.ts. */
export const stationBytes = 64;
export const messageBytes = 24;
/** Of a list of axons, an axon and a passage; and where in a link the pointer to its first message stands. */
const axonListBytes = 8;
const axonBytes = 8;
const passageBytes = 16;
const headAt = 32;
/** Where in a port the pointer to the oldest of its passages stands. */
const oldestAt = 32;

/** Figures of a clock, in units. */
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
  /** In which the number of every station fits. */
  readonly stationBits: number;
}

/** Where the stations of the machine's clock lie. */
interface Stations {
  /** By core, `stationBytes` each. */
  readonly senders: Address;
  readonly ports: Address;
  /** By link, as many each. */
  readonly links: Address;
  /** Their events to come. */
  readonly pending: Address;
  /** The outboxes of all cores, one behind the other, each with room for a message of every output axon. */
  readonly outboxes: Address;
}

/** All stations, empty. */
export function placeStations(machine: Machine, figures: CycleFigures): Stations {
  const pending = placePending(machine, figures.linkTime);
  const ports = placePorts(machine, figures.buffer);
  const senders = reserveStations(machine.memory, machine.cores.length);
  // The loops know links by their addresses, which come after those of all other stations.
  const links = placeLinks(machine, figures.linkTime, pending.laneOf);
  const outboxes = placeSenders(machine, senders, links, placeAxonLists(machine, figures));
  return { senders, ports, links, pending: pending.address, outboxes };
}

/** Room for `count` stations, each in a cache line of its own. */
function reserveStations(memory: MachineMemory, count: number): Address {
  return Math.ceil(memory.reserve(stationBytes * (count + 1)) / stationBytes) * stationBytes;
}

function placeSenders({ memory, cores, mesh }: Machine, address: Address, links: Address, axonLists: Address): Address {
  const { x, y } = mesh.board;
  const outboxes = memory.reserve(messageBytes * cores.reduce((sum, { axonsOut }) => sum + axonsOut.core.length, 0));
  let [lists, outbox] = [axonLists, outboxes];
  for (const [number, core] of cores.entries()) {
    const tile = tileWords(mesh, links, x[number]!, y[number]!);
    const words = [...tile, core.address, core.compartments, lists, outbox];
    memory.int32(address + stationBytes * number + 12, words.length).set(words);
    lists += axonListBytes * core.compartments;
    outbox += messageBytes * core.axonsOut.core.length;
  }
  return outboxes;
}

function placePorts({ memory, cores }: Machine, buffer: number): Address {
  const address = reserveStations(memory, cores.length);
  const most = new Float64Array(cores.length);
  for (const { axonsOut } of cores) for (const to of axonsOut.core) most[to]!++;
  for (const number of cores.keys()) {
    // A buffer that holds all messages of a timestep is as good as an infinite one.
    const size = buffer < most[number]! ? buffer : 0;
    const passages = size === 0 ? 0 : memory.reserve(passageBytes * size);
    memory.int32(address + stationBytes * number + 8, 2).set([passages + passageBytes * size, passages]);
    memory.int32(address + stationBytes * number + oldestAt, 1)[0] = passages;
  }
  return address;
}

function placeLinks({ memory, mesh }: Machine, linkTime: Float64Array, laneOf: ReadonlyMap<number, Address>): Address {
  const address = reserveStations(memory, mesh.linkCount);
  const { columns } = mesh.board;
  for (let link = 0; link < mesh.linkCount; link++) {
    const at = address + stationBytes * link;
    const end = mesh.linkEnd(link);
    const tile = tileWords(mesh, address, end % columns, Math.floor(end / columns));
    const words = [at + headAt, 0, 0, ...tile, laneOf.get(linkTime[link]!) ?? 0];
    memory.int32(at + headAt + 4, words.length).set(words);
  }
  return address;
}

/** A tile as stations know it: the first of the links out of it, and its column and row. */
function tileWords(mesh: Mesh, links: Address, column: number, row: number): readonly number[] {
  return [links + stationBytes * mesh.linkAt({ column, row, direction: linkDirections[0] }), column, row];
}

/** By compartment of all cores, one behind the other: where the output axons begin and end. Many send alike. */
function placeAxonLists({ memory, cores }: Machine, { axonIn, synapticOperation }: CycleFigures): Address {
  const compartments = cores.reduce((sum, core) => sum + core.compartments, 0);
  const address = memory.reserve(axonListBytes * compartments);
  const lists = memory.uint32(address, (axonListBytes / 4) * compartments);
  // What a message costs depends on the synapses that it finds: few numbers, of millions of axons.
  const places: Address[] = [];
  let at = 0;
  for (const { axonsOut } of cores) {
    const { offsets, core, synapses } = axonsOut;
    for (let k = 0; k < offsets.length - 1; k++) {
      const [first, past] = [offsets[k]!, offsets[k + 1]!];
      const words = new Uint32Array((axonBytes / 4) * (past - first));
      for (let entry = first; entry < past; entry++) {
        const found = synapses[entry]!;
        words[2 * (entry - first)] = core[entry]!;
        words[2 * (entry - first) + 1] = places[found] ??= memory.place(cost(axonIn + found * synapticOperation));
      }
      const list = memory.placeOnce(words);
      lists[at++] = list;
      lists[at++] = list + words.byteLength;
    }
  }
  memory.endPlacing();
  return address;
}

/** A time of whole units as the loops read it. */
function cost(time: number): Uint32Array {
  return new Uint32Array(BigInt64Array.of(BigInt(time)).buffer);
}
