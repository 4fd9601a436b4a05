import { perfetto } from '../../schemas/generated/messages.js';
import type { Program } from '../../schemas/program.js';
import { LinkWatch } from '../link-watch.js';
import type { Machine } from '../machine.js';
import { compartmentOf, forEachMembrane, forEachSpike } from '../machine-view.js';
import type { Observer, StepMoment } from '../observer.js';
import { type Packet, PacketLog } from '../packet-log.js';
import { type CoreProbe, coresWatched, type LinkProbe, type NeuronProbe, type Probe, watches } from '../probe.js';
import { SampleClock } from './sample-clock.js';

/** Takes the bytes of the file piece by piece. */
export type ByteSink = (bytes: Uint8Array) => void;

const { TYPE_SLICE_BEGIN, TYPE_SLICE_END, TYPE_INSTANT, TYPE_COUNTER } = perfetto.TrackEvent.Type;

/** Tracks of a core, in the order of their numbers. */
const [sending, receiving, queue] = [0, 1, 2];
const tracksPerCore = 3;
/** The track of samples and timesteps, and the first of the chips. */
const stepTrack = 1;
const firstChipTrack = 2;
/** All packets of a file share one sequence. */
const sequence = 1;

/**
 * Writes a timeline in Perfetto's format (Chrome's trace viewer opens it too): chips are processes, each core has a track
 * of the messages that it makes and one of those that it processes, and a counter of its input queue; arrows
 * follow each message from core to core. Times are rounded down to nanoseconds, the format's unit.
 * Written are the messages that `packets` probes name; without one, all. A `links` probe adds a counter for each link: its
 * messages in the timestep; a `spikes` probe a track of each core's, at the beginning of the timestep in which they fire; and a
 * `membrane` probe a counter for each neuron, after the update. Counters stay as they are where no probe looks.
 */
export class PerfettoWriter implements Observer {
  readonly packets: PacketLog;
  readonly #program: Program;
  readonly #probes: readonly CoreProbe[];
  readonly #links: readonly LinkProbe[];
  readonly #neurons: readonly NeuronProbe[];
  readonly #linkWatch = new LinkWatch();
  /** What each link's counter says. */
  readonly #linkCounts = new Map<number, number>();
  /** By name, the numbers of tracks that come behind those of links, and what they say where they are counters. */
  readonly #furtherTracks = new Map<string, number>();
  readonly #membranes = new Map<string, number>();
  readonly #write: ByteSink;
  readonly #clock = new SampleClock();
  readonly #described = new Set<number>();
  #flows = 0;
  #sample = -1;
  #open = false;

  constructor(program: Program, probes: readonly Probe[], write: ByteSink) {
    this.#program = program;
    this.#probes = probes.filter((probe): probe is CoreProbe => probe.kind === 'packets');
    this.packets = new PacketLog(this.#probes.length === 0 ? null : coresWatched(this.#probes));
    this.#links = probes.filter((probe): probe is LinkProbe => probe.kind === 'links');
    this.#neurons = probes.filter(
      (probe): probe is NeuronProbe => probe.kind === 'spikes' || probe.kind === 'membrane',
    );
    this.#write = write;
    this.#packet({ trackDescriptor: { uuid: stepTrack, name: 'timesteps' } });
  }

  step(moment: StepMoment): void {
    const { sample, step } = moment;
    const { begin, end } = this.#clock.span(moment);
    if (sample !== this.#sample) {
      if (this.#open) this.#slice(stepTrack, begin, null);
      this.#slice(stepTrack, begin, `sample ${sample}`);
      this.#sample = sample;
      this.#open = true;
    }
    this.#slice(stepTrack, begin, `timestep ${step}`);
    this.#countLinks(moment, begin);
    this.#showNeurons(moment, begin);
    const wanted: Packet[] = [];
    this.packets.forEach((packet) => {
      if (this.#isWanted(packet, moment)) wanted.push(packet);
    });
    this.packets.open();
    this.#messages(wanted, begin, moment);
    this.#countQueues(wanted, begin);
    this.#slice(stepTrack, end, null);
    if (step === this.#program.stepsPerSample - 1) {
      this.#slice(stepTrack, end, null);
      this.#open = false;
    }
  }

  #isWanted({ from, to, entry }: Packet, { machine, at }: StepMoment): boolean {
    if (this.#probes.length === 0) return true;
    const { axonsOut, population } = machine.cores[from]!;
    const { step } = at[population[compartmentOf(axonsOut.offsets, entry)]!]!;
    return this.#probes.some((probe) => (probe.core ?? to) === to && watches(probe, step));
  }

  /** Messages as they are made, then as they are processed: on each track times never descend. */
  #messages(packets: readonly Packet[], origin: number, { machine }: StepMoment): void {
    const named = packets.map((packet) => {
      const { axonsOut, population, neuron } = machine.cores[packet.from]!;
      const compartment = compartmentOf(axonsOut.offsets, packet.entry);
      const name = `${this.#program.populations[population[compartment]!]!.name}[${neuron[compartment]}]`;
      return { packet, name, flow: ++this.#flows };
    });
    for (const { packet, name, flow } of named.toSorted((a, b) => a.packet.made - b.packet.made)) {
      const sink = this.#program.cores[packet.to]!;
      const trackUuid = this.#coreTrack(packet.from, sending);
      const sent = `${name} → ${sink.chip}/${sink.core}`;
      this.#event(origin + packet.made, { type: TYPE_SLICE_BEGIN, trackUuid, name: sent, flowIds: [flow] });
      this.#slice(trackUuid, origin + packet.made, null);
    }
    for (const { packet, name, flow } of named) {
      const trackUuid = this.#coreTrack(packet.to, receiving);
      this.#event(origin + packet.begin, { type: TYPE_SLICE_BEGIN, trackUuid, name, terminatingFlowIds: [flow] });
      this.#slice(trackUuid, origin + packet.end, null);
    }
  }

  /** The lengths of input queues, the message in service included; all are empty when a timestep ends. */
  #countQueues(packets: readonly Packet[], origin: number): void {
    const changes = packets.flatMap(({ to, arrived, end }) => [
      { to, time: arrived, by: 1 },
      { to, time: end, by: -1 },
    ]);
    changes.sort((a, b) => a.time - b.time);
    const lengths = new Map<number, number>();
    for (const { to, time, by } of changes) {
      const length = (lengths.get(to) ?? 0) + by;
      lengths.set(to, length);
      this.#event(origin + time, { type: TYPE_COUNTER, trackUuid: this.#coreTrack(to, queue), counterValue: length });
    }
  }

  /** Where the count of a link changes; nothing in timesteps that no probe looks at. */
  #countLinks(moment: StepMoment, begin: number): void {
    const isWatched = this.#links.some((probe) => watches(probe, moment.step));
    for (const [link, messages] of this.#linkWatch.messages(moment).entries()) {
      const counterValue = isWatched ? messages : 0;
      if (counterValue === (this.#linkCounts.get(link) ?? 0)) continue;
      this.#linkCounts.set(link, counterValue);
      this.#event(begin, { type: TYPE_COUNTER, trackUuid: this.#linkTrack(link, moment), counterValue });
    }
  }

  #showNeurons({ machine, at }: StepMoment, begin: number): void {
    /** Several probes may look at one neuron. */
    const shown = new Set<string>();
    for (const probe of this.#neurons) {
      const { name } = this.#program.populations[probe.population]!;
      if (!watches(probe, at[probe.population]!.step)) continue;
      if (probe.kind === 'spikes') {
        forEachSpike(machine, probe, (neuron, place) => {
          const spike = `${name}[${neuron}]`;
          if (shown.has(spike)) return;
          shown.add(spike);
          const trackUuid = this.#furtherTrack(`core ${this.#program.cores[place]!.core} spikes`, place, machine, null);
          this.#event(begin, { type: TYPE_INSTANT, trackUuid, name: spike });
        });
      } else {
        forEachMembrane(machine, probe, (neuron, counterValue, place) => {
          const membrane = `${name}[${neuron}] membrane`;
          if (this.#membranes.get(membrane) === counterValue) return;
          this.#membranes.set(membrane, counterValue);
          const trackUuid = this.#furtherTrack(membrane, place, machine, 'units');
          this.#event(begin, { type: TYPE_COUNTER, trackUuid, counterValue });
        });
      }
    }
  }

  /** The number of a track of that name, of a core's chip; `unitName` of a counter. */
  #furtherTrack(name: string, place: number, { mesh }: Machine, unitName: string | null): number {
    const { chips, cores } = this.#program;
    const parentUuid = this.#chipTrack(cores[place]!.chip);
    const key = `${parentUuid} ${name}`;
    const known = this.#furtherTracks.get(key);
    if (known !== undefined) return known;
    const uuid = firstChipTrack + chips + tracksPerCore * cores.length + mesh.linkCount + this.#furtherTracks.size;
    this.#furtherTracks.set(key, uuid);
    this.#packet({
      trackDescriptor: { uuid, parentUuid, name, ...(unitName === null ? {} : { counter: { unitName } }) },
    });
    return uuid;
  }

  #linkTrack(link: number, { machine }: StepMoment): number {
    const { chips, cores } = this.#program;
    const uuid = firstChipTrack + chips + tracksPerCore * cores.length + link;
    if (!this.#described.has(uuid)) {
      this.#described.add(uuid);
      const name = `link ${machine.mesh.linkName(link)}`;
      this.#packet({ trackDescriptor: { uuid, name, counter: { unitName: 'messages' } } });
    }
    return uuid;
  }

  /** The number of a core's track, described before its first use. */
  #coreTrack(place: number, which: number): number {
    const { chip, core } = this.#program.cores[place]!;
    const process = this.#chipTrack(chip);
    const track = firstChipTrack + this.#program.chips + tracksPerCore * place + which;
    if (!this.#described.has(track)) {
      this.#described.add(track);
      const name = ['sends', 'receives', 'input queue'][which]!;
      this.#packet({
        trackDescriptor: {
          uuid: track,
          parentUuid: process,
          name: `core ${core} ${name}`,
          ...(which === queue ? { counter: { unitName: 'messages' } } : {}),
        },
      });
    }
    return track;
  }

  /** The number of a chip's process, described before its first use. */
  #chipTrack(chip: number): number {
    const uuid = firstChipTrack + chip;
    if (!this.#described.has(uuid)) {
      this.#described.add(uuid);
      this.#packet({ trackDescriptor: { uuid, process: { pid: chip + 1, processName: `chip ${chip}` } } });
    }
    return uuid;
  }

  /** Begins a slice of that name, or ends the last one (null). */
  #slice(track: number, time: number, name: string | null): void {
    this.#event(
      time,
      name === null ? { type: TYPE_SLICE_END, trackUuid: track } : { type: TYPE_SLICE_BEGIN, trackUuid: track, name },
    );
  }

  #event(time: number, trackEvent: perfetto.TrackEvent.$Properties): void {
    this.#packet({ timestamp: Math.floor(time / 1000), trackEvent });
  }

  #packet(packet: perfetto.TracePacket.$Properties): void {
    // Messages of one packet each, one after another, are a message of all packets.
    this.#write(perfetto.Trace.encode({ packet: [{ ...packet, trustedPacketSequenceId: sequence }] }).finish());
  }
}
