// The discrete-event model where messages are made and cross the mesh in no time and find room everywhere, as on a target
// that publishes no figures of its mesh: a core receives a message when the update is over that caused it, and only the
// receiving units make anybody wait. So it is known from the start when messages arrive: what each spike sends is brought
// into that order and then received. That order is all that counts: messages of one instant are done at the same time,
// whichever comes first.

import { Axon, AxonList, Clock, port, Sender, sender } from './clock-state';
import { CoreState } from './core-state';
import { LinkLoad, loadLinks } from './link-load';
import { AXON_LIST_SHIFT, AXON_SHIFT, timeOfUpdates } from './sender';

/** `../instant-memory.ts` names the same words. */
@unmanaged
class Instant {
  /** What counts the messages of links. */
  links: usize;
  /** By core: its `Reception`. */
  receptions: usize;
  /** [compartments of all cores]: a `Burst` for each spike; twice, and `DIGITS` counters (i32), to sort them. */
  bursts: usize;
  spare: usize;
  counters: usize;
}

/** Of a receiving unit what changes with every message; close together, for messages go far and wide. */
@unmanaged
class Reception {
  done: i64;
  busy: i64;
}

/** What a spike sends: output axons, and when. */
@unmanaged
class Burst {
  time: i64;
  axon: usize;
  pastAxons: usize;
}

const RECEPTION_SHIFT: usize = 4;
const BURST: usize = 16;
/** Times are sorted digit by digit, the lowest first. */
const DIGIT_BITS: i64 = 11;
const DIGITS: usize = 1 << 11;
const DIGIT_MASK: i64 = (1 << 11) - 1;

/** One timestep of a clock that is opened. */
export function runInstantly(clock: Clock): void {
  const instant = changetype<Instant>(clock.instant);
  const receptions = instant.receptions;
  let end = instant.bursts;
  for (let core = 0; core < clock.cores; core += 1) {
    const host = port(core).host;
    const receiving = reception(receptions, core);
    receiving.done = host;
    receiving.busy = host;
    end = collectBursts(sender(core), host, end);
  }
  const sorted = sortBursts(instant, end - instant.bursts);
  end = sorted + (end - instant.bursts);
  for (let at = sorted; at < end; at += BURST) receive(receptions, changetype<Burst>(at));
  for (let core = 0; core < clock.cores; core += 1) {
    const receiving = reception(receptions, core);
    port(core).done = receiving.done;
    port(core).busy = receiving.busy;
  }
  loadLinks(instant.links);
  clock.criticalLink = changetype<LinkLoad>(instant.links).busiestLink;
}

function reception(receptions: usize, core: i32): Reception {
  return changetype<Reception>(receptions + ((<usize>core) << RECEPTION_SHIFT));
}

/** Times a sending unit, free from `from` on, and writes what its spikes send to `at`; returns the end of that. */
function collectBursts(sending: Sender, from: i64, at: usize): usize {
  const core = changetype<CoreState>(sending.core);
  const lists = sending.axonLists;
  const spiked = core.spiked;
  const activeUpTo = core.activeUpTo;
  const past = (<usize>core.spikes) << 2;
  for (let place: usize = 0; place < past; place += 4) {
    const compartment = load<i32>(spiked + place);
    const list = changetype<AxonList>(lists + ((<usize>compartment) << AXON_LIST_SHIFT));
    const burst = changetype<Burst>(at);
    burst.time = from + timeOfUpdates(compartment + 1, load<i32>(activeUpTo + place));
    burst.axon = list.first;
    burst.pastAxons = list.past;
    at += BURST;
  }
  const updates = timeOfUpdates(sending.compartments, core.active);
  sending.busy = updates;
  sending.finish = from + updates;
  return at;
}

/** Sorts so many bytes of bursts by time; returns where they are then. */
function sortBursts(instant: Instant, bytes: usize): usize {
  const counters = instant.counters;
  let from = instant.bursts;
  let to = instant.spare;
  let last: i64 = 0;
  for (let at = from; at < from + bytes; at += BURST) last = max(last, changetype<Burst>(at).time);
  for (let shift: i64 = 0; last >> shift !== 0; shift += DIGIT_BITS) {
    memory.fill(counters, 0, DIGITS << 2);
    for (let at = from; at < from + bytes; at += BURST) {
      const counter = counterOf(counters, changetype<Burst>(at).time >> shift);
      store<u32>(counter, load<u32>(counter) + 1);
    }
    let place = to;
    for (let counter = counters; counter < counters + (DIGITS << 2); counter += 4) {
      const count = load<u32>(counter);
      store<usize>(counter, place);
      place += count * BURST;
    }
    for (let at = from; at < from + bytes; at += BURST) {
      const counter = counterOf(counters, changetype<Burst>(at).time >> shift);
      const next = load<usize>(counter);
      v128.store(next, v128.load(at));
      store<usize>(counter, next + BURST);
    }
    const sorted = to;
    to = from;
    from = sorted;
  }
  return from;
}

function counterOf(counters: usize, digits: i64): usize {
  return counters + ((<usize>(digits & DIGIT_MASK)) << 2);
}

/** The messages of a burst reach their cores. */
function receive(receptions: usize, burst: Burst): void {
  const now = burst.time;
  const past = burst.pastAxons;
  for (let axon = burst.axon; axon < past; axon += 1 << AXON_SHIFT) {
    const receiving = reception(receptions, changetype<Axon>(axon).to);
    const work = load<i64>(changetype<Axon>(axon).work);
    receiving.done = max(now, receiving.done) + work;
    receiving.busy += work;
  }
}
