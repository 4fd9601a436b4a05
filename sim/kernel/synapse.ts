// Synapses: messages add the rows of their axons to a core's inputs. Rows are stored as segments of consecutive
// compartments, filled up with zero weights to whole vectors of 16, so that no loop has a remainder.

import { CoreState } from './core-state';

/** One stretch of consecutive compartments that a row reaches; its weights follow it. */
@unmanaged
class Segment {
  /** First compartment, counted from the row's base. */
  target: i32;
  /** Vectors of 16 weights. */
  vectors: i32;
  /** Units of `inputs` per wide weight. */
  factor: i32;
  unused: i32;
}

/** Synapses that act in the same timestep: segments one behind the other. */
@unmanaged
class Row {
  firstSegment: usize;
  pastSegments: usize;
  base: i32;
  /** Timesteps from the message to the update in which it acts; 0 is the next one. */
  wait: i32;
}

/** An inlet of a core without delays: its one row. */
@unmanaged
class Inlet {
  firstSegment: usize;
  pastSegments: usize;
  base: i32;
  synapses: i32;
}

/** An inlet of a core with delays. */
@unmanaged
class DelayedInlet {
  firstRow: usize;
  pastRows: usize;
  synapses: i32;
  unused: i32;
}

/** Bytes of any of them. */
const TABLE_BYTES: usize = 16;

/** Takes all messages out of a core's inbox, and adds the weights of all rows that act in the next update to its inputs. */
export function accumulate(address: usize): void {
  const core = changetype<CoreState>(address);
  const begin = core.inbox;
  const end = core.inboxEnd;
  core.inboxEnd = begin;
  core.received = <i32>((end - begin) >> 2);
  if (core.delays > 1) {
    keepForLater(core, begin, end);
    const slot = core.ring + <usize>(core.slot * core.slotBytes);
    const slotEnd = core.slotEnds + ((<usize>core.slot) << 2);
    add(core, slot, <usize>load<u32>(slotEnd));
    store<u32>(slotEnd, <u32>slot);
  } else add(core, begin, takeRows(core, begin, end));
}

/** Counts the messages of begin … end, and puts what the loops add in their place; gives where that ends. */
function takeRows(core: CoreState, begin: usize, end: usize): usize {
  let synapses: f64 = 0;
  let to = begin;
  const deliveries = core.deliveries;
  const uniform = core.uniformVectors !== 0;
  for (let at = begin; at < end; at += 4) {
    const number = <usize>load<u32>(at);
    const address = core.inlets + number * TABLE_BYTES;
    const count = changetype<Inlet>(address).synapses;
    synapses += <f64>count;
    if (deliveries) store<u32>(deliveries + (number << 2), load<u32>(deliveries + (number << 2)) + 1);
    if (count === 0) continue;
    store<u32>(to, <u32>addend(address, uniform));
    to += 4;
  }
  core.synapticOperations = synapses;
  return to;
}

/** Counts the messages of begin … end, and puts their rows into the slots of the timesteps in which they act. */
function keepForLater(core: CoreState, begin: usize, end: usize): void {
  let synapses: f64 = 0;
  const deliveries = core.deliveries;
  const uniform = core.uniformVectors !== 0;
  for (let at = begin; at < end; at += 4) {
    const number = <usize>load<u32>(at);
    const inlet = changetype<DelayedInlet>(core.inlets + number * TABLE_BYTES);
    synapses += <f64>inlet.synapses;
    if (deliveries) store<u32>(deliveries + (number << 2), load<u32>(deliveries + (number << 2)) + 1);
    for (let row = inlet.firstRow; row < inlet.pastRows; row += TABLE_BYTES) {
      const slot = (core.slot + changetype<Row>(row).wait) % core.delays;
      const slotEnd = core.slotEnds + ((<usize>slot) << 2);
      const free = <usize>load<u32>(slotEnd);
      store<u32>(free, <u32>addend(row, uniform));
      store<u32>(slotEnd, <u32>(free + 4));
    }
  }
  core.synapticOperations = synapses;
}

/** What the loops add of a row: in a uniform core they need its weights alone. An inlet without delays begins like a row. */
function addend(row: usize, uniform: bool): usize {
  return uniform ? changetype<Row>(row).firstSegment + TABLE_BYTES : row;
}

/** Adds the rows whose addresses lie in begin … end. */
function add(core: CoreState, begin: usize, end: usize): void {
  core.rows = <i32>((end - begin) >> 2);
  if (core.uniformVectors) addUniform(core, begin, end);
  else if (core.sums) addNarrow(core, begin, end);
  else addWide(core, begin, end);
}

/** Rows that all reach the same compartments: 64 sums at a time stay in registers over all messages. */
function addUniform(core: CoreState, begin: usize, end: usize): void {
  const inputs = core.inputs + ((<usize>core.uniformTarget) << 2);
  const batch = (<usize>core.messagesPerFlush) << 2;
  for (let from = begin; from < end; from += batch) {
    const to = min(end, from + batch);
    let vector = 0;
    for (; vector + 4 <= core.uniformVectors; vector += 4) addFour(inputs, <usize>vector, from, to);
    for (; vector < core.uniformVectors; vector += 1) addOne(inputs, <usize>vector, from, to);
  }
}

function addFour(inputs: usize, vector: usize, from: usize, to: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  let c = i16x8.splat(0);
  let d = i16x8.splat(0);
  let e = i16x8.splat(0);
  let f = i16x8.splat(0);
  let g = i16x8.splat(0);
  let h = i16x8.splat(0);
  const offset = vector << 4;
  for (let at = from; at < to; at += 4) {
    const row = <usize>load<u32>(at) + offset;
    const w = v128.load(row);
    const x = v128.load(row, 16);
    const y = v128.load(row, 32);
    const z = v128.load(row, 48);
    a = i16x8.add(a, i16x8.extend_low_i8x16_s(w));
    b = i16x8.add(b, i16x8.extend_high_i8x16_s(w));
    c = i16x8.add(c, i16x8.extend_low_i8x16_s(x));
    d = i16x8.add(d, i16x8.extend_high_i8x16_s(x));
    e = i16x8.add(e, i16x8.extend_low_i8x16_s(y));
    f = i16x8.add(f, i16x8.extend_high_i8x16_s(y));
    g = i16x8.add(g, i16x8.extend_low_i8x16_s(z));
    h = i16x8.add(h, i16x8.extend_high_i8x16_s(z));
  }
  const first = inputs + (vector << 6);
  addEight(first, a);
  addEight(first + 32, b);
  addEight(first + 64, c);
  addEight(first + 96, d);
  addEight(first + 128, e);
  addEight(first + 160, f);
  addEight(first + 192, g);
  addEight(first + 224, h);
}

function addOne(inputs: usize, vector: usize, from: usize, to: usize): void {
  let a = i16x8.splat(0);
  let b = i16x8.splat(0);
  const offset = vector << 4;
  for (let at = from; at < to; at += 4) {
    const w = v128.load(<usize>load<u32>(at) + offset);
    a = i16x8.add(a, i16x8.extend_low_i8x16_s(w));
    b = i16x8.add(b, i16x8.extend_high_i8x16_s(w));
  }
  const first = inputs + (vector << 6);
  addEight(first, a);
  addEight(first + 32, b);
}

/** Adds eight 16-bit sums to 32-bit ones. */
function addEight(inputs: usize, sums: v128): void {
  v128.store(inputs, i32x4.add(v128.load(inputs), i32x4.extend_low_i16x8_s(sums)));
  v128.store(inputs, i32x4.add(v128.load(inputs, 16), i32x4.extend_high_i16x8_s(sums)), 16);
}

/** 8-bit weights into 16-bit sums, which are moved to 32 bits before they could overflow. */
function addNarrow(core: CoreState, begin: usize, end: usize): void {
  const sums0 = core.sums;
  const batch = (<usize>core.messagesPerFlush) << 2;
  for (let from = begin; from < end; from += batch) {
    const to = min(end, from + batch);
    for (let at = from; at < to; at += 4) {
      const row = changetype<Row>(<usize>load<u32>(at));
      const pastSegments = row.pastSegments;
      const base = sums0 + ((<usize>row.base) << 1);
      for (let address = row.firstSegment; address < pastSegments; ) {
        const segment = changetype<Segment>(address);
        let sums = base + ((<usize>segment.target) << 1);
        let weights = address + TABLE_BYTES;
        const last = weights + ((<usize>segment.vectors) << 4);
        for (; weights + 64 <= last; weights += 64) {
          addVector(sums, weights);
          addVector(sums + 32, weights + 16);
          addVector(sums + 64, weights + 32);
          addVector(sums + 96, weights + 48);
          sums += 128;
        }
        for (; weights < last; weights += 16) {
          addVector(sums, weights);
          sums += 32;
        }
        address = last;
      }
    }
    flush(core);
  }
}

/** Adds 16 weights to 16-bit sums. */
function addVector(sums: usize, weights: usize): void {
  const w = v128.load(weights);
  v128.store(sums, i16x8.add(v128.load(sums), i16x8.extend_low_i8x16_s(w)));
  v128.store(sums, i16x8.add(v128.load(sums, 16), i16x8.extend_high_i8x16_s(w)), 16);
}

function flush(core: CoreState): void {
  const zero = i16x8.splat(0);
  let sums = core.sums;
  let inputs = core.inputs;
  const end = sums + ((<usize>core.lanes) << 1);
  for (; sums < end; sums += 16) {
    addEight(inputs, v128.load(sums));
    v128.store(sums, zero);
    inputs += 32;
  }
}

/** 16-bit weights, each segment with its own factor, straight into 32-bit sums. */
function addWide(core: CoreState, begin: usize, end: usize): void {
  for (let at = begin; at < end; at += 4) {
    const row = changetype<Row>(<usize>load<u32>(at));
    for (let address = row.firstSegment; address < row.pastSegments; ) {
      const segment = changetype<Segment>(address);
      const factor = i32x4.splat(segment.factor);
      let inputs = core.inputs + ((<usize>(row.base + segment.target)) << 2);
      let weights = address + TABLE_BYTES;
      const last = weights + ((<usize>segment.vectors) << 5);
      for (; weights < last; weights += 16) {
        const w = v128.load(weights);
        const low = i32x4.mul(i32x4.extend_low_i16x8_s(w), factor);
        const high = i32x4.mul(i32x4.extend_high_i16x8_s(w), factor);
        v128.store(inputs, i32x4.add(v128.load(inputs), low));
        v128.store(inputs, i32x4.add(v128.load(inputs, 16), high), 16);
        inputs += 32;
      }
      address = last;
    }
  }
}
