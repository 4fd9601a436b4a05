// One timestep of many cores: the loops over their ranges, that no call per core is needed.

import { send } from './axon-out';
import { CoreState } from './core-state';
import { update } from './soma';

/** What a population does in this timestep. */
@unmanaged
class Window {
  /** Row of parameter tables, and 1 in the window. */
  row: i32;
  inWindow: i32;
  /** Its spikes. */
  spikes: i32;
  /** By neuron: 1 once it has fired in the window (u8). */
  fired: usize;
}

/** Compartments of a core that are neurons of one population; those of a core follow one another. */
@unmanaged
class Range {
  core: usize;
  window: usize;
  first: i32;
  end: i32;
  spiking: i32;
  /** 1 of the first range of a core; 1 of the last. */
  opens: i32;
  closes: i32;
  /** By compartment of the core: its neuron. */
  neurons: usize;
  /** Currents by compartment, or 0: the sample's drive, and static bias, of which rows follow one another. */
  drive: usize;
  bias: usize;
  biasRowBytes: i32;
  /** Its spikes of this timestep: firstSpike … endSpike − 1 of the core's. */
  firstSpike: i32;
  endSpike: i32;
  unused: i32;
  /** Counted since the counts were last taken. */
  active: f64;
  saturations: f64;
  inputsBeyondMax: f64;
  spikes: f64;
  messages: f64;
  eastWest: f64;
  northSouth: f64;
  crossings: f64;
}

const RANGE_BYTES: usize = offsetof<Range>();

/** Neuron updates of all ranges of begin … end that are not at rest. */
export function updateRanges(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    const core = changetype<CoreState>(range.core);
    if (range.opens) {
      core.spikes = 0;
      core.active = 0;
      if (core.delays > 1) core.slot = core.slot + 1 === core.delays ? 0 : core.slot + 1;
    }
    if (!core.awake) continue;
    const window = changetype<Window>(range.window);
    const inWindow = window.inWindow !== 0;
    const row = <usize>window.row;
    const before = core.active;
    update(
      core,
      range.first,
      range.end,
      core.profileTable + row * <usize>core.profileRowBytes,
      inWindow ? range.drive : 0,
      inWindow && range.bias ? range.bias + row * <usize>range.biasRowBytes : 0,
      range.spiking !== 0,
    );
    range.active += <f64>(core.active - before);
    if (inWindow) {
      range.saturations += <f64>core.saturations;
      range.inputsBeyondMax += <f64>core.inputsBeyondMax;
    }
    if (range.closes) core.fed = 0;
    if (range.closes) core.awake = core.active > 0 || core.restless ? 1 : 0;
  }
}

/** Finds the spikes of each range, counts them, and marks the neurons that fired. */
export function noteSpikes(begin: usize, end: usize): void {
  let spike = 0;
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    const core = changetype<CoreState>(range.core);
    if (range.opens) spike = 0;
    range.firstSpike = spike;
    const spikes = core.spikes;
    if (spike < spikes) {
      const window = changetype<Window>(range.window);
      const marks = window.inWindow !== 0;
      const fired = window.fired;
      for (; spike < spikes; spike += 1) {
        const compartment = load<i32>(core.spiked + ((<usize>spike) << 2));
        if (compartment >= range.end) break;
        if (marks) store<u8>(fired + <usize>load<i32>(range.neurons + ((<usize>compartment) << 2)), 1);
      }
      const count = spike - range.firstSpike;
      window.spikes += count;
      range.spikes += <f64>count;
    }
    range.endSpike = spike;
  }
}

/** Sends the messages of all spikes of the ranges. */
export function sendRanges(begin: usize, end: usize): void {
  for (let address = begin; address < end; address += RANGE_BYTES) {
    const range = changetype<Range>(address);
    if (range.firstSpike === range.endSpike) continue;
    const core = changetype<CoreState>(range.core);
    send(range.core, range.firstSpike, range.endSpike);
    range.messages += <f64>core.messagesSent;
    range.eastWest += <f64>core.sentEastWest;
    range.northSouth += <f64>core.sentNorthSouth;
    range.crossings += <f64>core.sentAcrossChips;
  }
}
