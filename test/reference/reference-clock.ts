import { linkTimes } from '../../sim/analytic-clock.js';
import type { Machine } from '../../sim/machine.js';
import type { PacketObserver } from '../../sim/observer.js';
import type { Picoseconds } from '../../sim/quantities.js';
import type { TimestepClock, TimestepTime } from '../../sim/timestep-clock.js';
import type { TimingFigures } from '../../sim/timing-figures.js';
import { EventQueue } from './reference-event-queue.js';
import { MessageQueues } from './reference-message-queues.js';

/** The model that the docstring of `CycleClock` describes, station by station and message by message. */
export class ReferenceClock implements TimestepClock {
  readonly linkMessages: Float64Array;
  readonly sendBusy: Float64Array;
  readonly receiveBusy: Float64Array;
  readonly #machine: Machine;
  readonly #figures: TimingFigures;
  readonly #events: EventQueue;
  readonly #queues: MessageQueues;
  /** First station of each kind; sending units come first, one per core. */
  readonly #receivers: number;
  readonly #ports: number;
  readonly #links: number;
  /** Service time of links, by station. */
  readonly #service: Float64Array;
  /** Since when each station's head is in service or blocked, and the time it was occupied in this timestep. */
  readonly #since: Float64Array;
  readonly #occupied: Float64Array;
  readonly #usedLinks: number[] = [];
  readonly #isUsed: Uint8Array;
  /** Progress of each sending unit: spike and entry of its message in the making, and update time up to there. */
  readonly #spike: Int32Array;
  readonly #entry: Int32Array;
  readonly #updated: Float64Array;
  readonly #hostWork: Float64Array;
  /** What the message of each output entry costs its receiver, by core. */
  readonly #work: readonly Float64Array[];
  /** Tile of each core. */
  readonly #tile: Int32Array;
  /** When each core was last at work. */
  readonly #finish: Float64Array;
  #packets: PacketObserver | null = null;
  /** Told of every message that has left a link: since when it was alone on it, and until when. */
  onLink: (link: number, since: number, until: number) => void = () => {};

  constructor(machine: Machine, figures: TimingFigures) {
    const cores = machine.cores.length;
    const { linkCount } = machine.mesh;
    const stations = 3 * cores + linkCount;
    this.#machine = machine;
    this.#figures = figures;
    this.#receivers = cores;
    this.#ports = 2 * cores;
    this.#links = 3 * cores;
    this.#events = new EventQueue(stations);
    this.#queues = new MessageQueues(stations, figures.linkBuffer);
    this.#service = new Float64Array(stations).fill(figures.withinTile, this.#ports, this.#links);
    this.#service.set(linkTimes(machine, figures), this.#links);
    this.#since = new Float64Array(stations);
    this.#occupied = new Float64Array(stations);
    this.#isUsed = new Uint8Array(linkCount);
    this.#work = machine.cores.map(({ axonsOut }) => {
      return Float64Array.from(axonsOut.synapses, (synapses) => figures.axonIn + synapses * figures.synapticOperation);
    });
    this.#tile = Int32Array.from(machine.cores, ({ number }) => machine.mesh.tileOf(number));
    this.#spike = new Int32Array(cores);
    this.#entry = new Int32Array(cores);
    this.#updated = new Float64Array(cores);
    this.#hostWork = new Float64Array(cores);
    this.#finish = new Float64Array(cores);
    this.linkMessages = new Float64Array(linkCount);
    this.sendBusy = new Float64Array(cores);
    this.receiveBusy = new Float64Array(cores);
  }

  reset(): void {
    this.linkMessages.fill(0);
    this.sendBusy.fill(0);
    this.receiveBusy.fill(0);
  }

  observe(packets: PacketObserver | null): void {
    this.#packets = packets;
  }

  timestep(hostWork: Float64Array): TimestepTime {
    const { cores } = this.#machine;
    const events = this.#events;
    this.#hostWork.set(hostWork);
    this.#finish.set(hostWork);
    this.#usedLinks.length = 0;
    this.#queues.open();
    for (const { number, axonsOut, somas } of cores) {
      this.receiveBusy[number]! += hostWork[number]!;
      this.#spike[number] = 0;
      this.#entry[number] = somas.spikeCount > 0 ? axonsOut.offsets[somas.spiked[0]!]! : 0;
      this.#updated[number] = 0;
      this.#makeNextMessage(number, hostWork[number]!);
    }
    while (!events.isEmpty) {
      const now = events.nextTime;
      const station = events.take();
      if (station < this.#receivers) this.#inject(station, now);
      else if (station < this.#ports) this.#process(station, now);
      else this.#forward(station, now);
    }
    let last = 0;
    let criticalCore = 0;
    for (let core = 0; core < cores.length; core++) {
      if (this.#finish[core]! > last) {
        last = this.#finish[core]!;
        criticalCore = core;
      }
    }
    const duration = (last + this.#figures.barrier) as Picoseconds;
    return { duration, criticalCore, criticalLink: this.#busiestLink() };
  }

  /** Schedules when the sending unit of `core`, free from `now` on, has made its next message, or ends its work. */
  #makeNextMessage(core: number, now: number): void {
    const { axonsOut, somas, compartments } = this.#machine.cores[core]!;
    const { neuronUpdateActive, neuronUpdateInactive, spikeOut } = this.#figures;
    const { offsets } = axonsOut;
    let spike = this.#spike[core]!;
    while (spike < somas.spikeCount && this.#entry[core]! >= offsets[somas.spiked[spike]! + 1]!) {
      spike++;
      if (spike < somas.spikeCount) this.#entry[core] = offsets[somas.spiked[spike]!]!;
    }
    this.#spike[core] = spike;
    const sends = spike < somas.spikeCount;
    const active = sends ? somas.activeUpTo[spike]! : somas.activeCount;
    const reached = sends ? somas.spiked[spike]! + 1 : compartments;
    const updated = active * neuronUpdateActive + (reached - active) * neuronUpdateInactive;
    const work = updated - this.#updated[core]! + (sends ? spikeOut : 0);
    this.#updated[core] = updated;
    this.sendBusy[core]! += work;
    if (sends) this.#events.schedule(core, now + work);
    else this.#finish[core] = Math.max(this.#finish[core]!, now + work);
  }

  /** A sending unit has made a message. */
  #inject(core: number, now: number): void {
    const entry = this.#entry[core]!;
    const to = this.#machine.cores[core]!.axonsOut.core[entry]!;
    const message = this.#queues.create(to, this.#work[core]![entry]!);
    this.#packets?.made(message, core, to, entry, now);
    this.#queues.hold(core, message);
    const first = this.#stationFrom(this.#tile[core]!, to);
    if (this.#queues.isFull(first)) this.#queues.wait(core, first);
    else {
      this.#enter(first, this.#queues.release(core), core, now);
      this.#leaveSender(core, now);
    }
  }

  #leaveSender(core: number, now: number): void {
    this.#entry[core]!++;
    this.#makeNextMessage(core, now);
  }

  /** A link or port has served its head: on to the next station, or blocked until that has room. */
  #forward(station: number, now: number): void {
    const queues = this.#queues;
    const message = queues.head(station);
    const to = queues.destination(message);
    const next =
      station < this.#links
        ? this.#receivers + to
        : this.#stationFrom(this.#machine.mesh.linkEnd(station - this.#links), to);
    if (queues.isFull(next)) {
      queues.wait(station, next);
      return;
    }
    queues.leave(station);
    this.#enter(next, message, station, now);
    this.#makeRoom(station, now);
  }

  /** A receiving unit has processed its head. */
  #process(station: number, now: number): void {
    const queues = this.#queues;
    const message = queues.head(station);
    const core = queues.destination(message);
    this.receiveBusy[core]! += queues.work(message);
    this.#packets?.processed(message, core, now - queues.work(message), now);
    this.#finish[core] = Math.max(this.#finish[core]!, now);
    queues.leave(station);
    queues.discard(message);
    this.#makeRoom(station, now);
  }

  /** The head of `station` has left: the next is served, and whose turn it is comes in, and so on up the way. */
  #makeRoom(station: number, now: number): void {
    const queues = this.#queues;
    let freed = station;
    for (;;) {
      this.#occupied[freed]! += now - this.#since[freed]!;
      if (freed >= this.#links) this.onLink(freed - this.#links, this.#since[freed]!, now);
      if (!queues.isEmpty(freed)) this.#serve(freed, now);
      const sender = queues.takeWaiting(freed);
      if (sender < 0) return;
      if (sender < this.#receivers) {
        this.#enter(freed, queues.release(sender), sender, now);
        this.#leaveSender(sender, now);
        return;
      }
      const message = queues.head(sender);
      queues.leave(sender);
      this.#enter(freed, message, sender, now);
      freed = sender;
    }
  }

  #enter(station: number, message: number, giver: number, now: number): void {
    const wasEmpty = this.#queues.isEmpty(station);
    this.#queues.enter(station, message, giver);
    if (station < this.#ports) this.#packets?.arrived(message, station - this.#receivers, now);
    if (station >= this.#links) {
      const link = station - this.#links;
      if (this.#isUsed[link] === 0) {
        this.#isUsed[link] = 1;
        this.#usedLinks.push(link);
      }
      this.linkMessages[link]!++;
    }
    if (wasEmpty) this.#serve(station, now);
  }

  #serve(station: number, now: number): void {
    this.#since[station] = now;
    if (station >= this.#ports) {
      this.#events.schedule(station, now + this.#service[station]!);
      return;
    }
    const start = Math.max(now, this.#hostWork[station - this.#receivers]!);
    this.#events.schedule(station, start + this.#queues.work(this.#queues.head(station)));
  }

  /** The station by which a message for core `to` leaves the router of `tile`. */
  #stationFrom(tile: number, to: number): number {
    const link = this.#machine.mesh.nextLink(tile, to);
    return link < 0 ? this.#ports + to : this.#links + link;
  }

  #busiestLink(): number {
    let busiest = -1;
    let longest = -1;
    for (const link of this.#usedLinks) {
      const station = this.#links + link;
      const time = this.#occupied[station]!;
      if (time > longest || (time === longest && link < busiest)) {
        longest = time;
        busiest = link;
      }
    }
    for (const link of this.#usedLinks) {
      this.#occupied[this.#links + link] = 0;
      this.#isUsed[link] = 0;
    }
    return busiest;
  }
}
