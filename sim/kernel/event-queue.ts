// Pending completions, earliest first; of two at one instant that of the station with the smaller number comes first. Each
// station has at most one pending. Instants lie in slots of 2^shift units: a wheel of lists holds the near slots, a heap the
// few completions beyond them. Only the slot in progress is sorted: its list of completions.

/** Slots of the wheel: a bit for each, and one bit for each word of bits. */
const SLOT_COUNT: i64 = 4096;
const SLOT_MASK: i64 = SLOT_COUNT - 1;

/** Where the queue's tables lie; `../cycle-memory.ts` names the same words. */
@unmanaged
export class QueueState {
  /** [SLOT_COUNT]: the station last scheduled in each slot, or −1. */
  slots: usize;
  /** [SLOT_COUNT / 64]: a bit for each slot that is not empty. */
  bits: usize;
  /** By station: instant of its completion (i64), and the next in its slot's list (i32). */
  times: usize;
  nexts: usize;
  /** A list with room for as many completions on either side of its middle as there are stations: the slot in progress. */
  listMiddle: usize;
  listStart: usize;
  listEnd: usize;
  /** Stations beyond the wheel. */
  heap: usize;
  /** A slot has 2^shift units. */
  shift: i32;
}

@unmanaged
class Completion {
  time: i64;
  station: i32;
  unused: i32;
}

const COMPLETION: usize = 16;

let slots: usize = 0;
let bits: usize = 0;
let times: usize = 0;
let nexts: usize = 0;
let heap: usize = 0;
let middle: usize = 0;
let listStart: usize = 0;
let listEnd: usize = 0;
let shift: i64 = 0;
/** A bit for each word of `bits` that is not zero. */
let words: u64 = 0;
let heapSize: i32 = 0;
/** The slot in progress, and what is left of its list. */
let current: i64 = 0;
let first: usize = 0;
let end: usize = 0;

/** An empty queue at instant 0. */
export function openQueue(address: usize): void {
  const state = changetype<QueueState>(address);
  slots = state.slots;
  bits = state.bits;
  times = state.times;
  nexts = state.nexts;
  heap = state.heap;
  middle = state.listMiddle;
  listStart = state.listStart;
  listEnd = state.listEnd;
  shift = <i64>state.shift;
  words = 0;
  heapSize = 0;
  current = 0;
  first = middle;
  end = middle;
}

/** `time` is not before the completion last taken. */
export function schedule(station: i32, time: i64): void {
  store<i64>(times + ((<usize>station) << 3), time);
  const slot = time >> shift;
  const ahead = slot - current;
  if (ahead === 0) insert(station, time);
  else if (ahead < SLOT_COUNT) {
    const at = <usize>(slot & SLOT_MASK);
    store<i32>(nexts + ((<usize>station) << 2), load<i32>(slots + (at << 2)));
    store<i32>(slots + (at << 2), station);
    const word = bits + ((at >> 6) << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << (<u64>(at & 63))));
    words |= (<u64>1) << (<u64>(at >> 6));
  } else push(station, time);
}

/** Address of the earliest completion, no longer pending; 0 where there is none. It stays until the next is taken. */
export function take(): usize {
  if (first === end && !openSlot()) return 0;
  const taken = first;
  first += COMPLETION;
  return taken;
}

export function timeOf(completion: usize): i64 {
  return changetype<Completion>(completion).time;
}

export function stationOf(completion: usize): i32 {
  return changetype<Completion>(completion).station;
}

/** Into the list of the slot in progress. */
function insert(station: i32, time: i64): void {
  if (end === listEnd) {
    // A slot may see more completions than there are stations, but no more at a time.
    const left = end - first;
    memory.copy(listStart, first, left);
    first = listStart;
    end = listStart + left;
  }
  let at = end;
  while (at > first && isBefore(time, station, at - COMPLETION)) {
    copy(at, at - COMPLETION);
    at -= COMPLETION;
  }
  put(at, time, station);
  end += COMPLETION;
}

function isBefore(time: i64, station: i32, other: usize): bool {
  const otherTime = timeOf(other);
  return time < otherTime || (time === otherTime && station < stationOf(other));
}

function put(at: usize, time: i64, station: i32): void {
  const completion = changetype<Completion>(at);
  completion.time = time;
  completion.station = station;
}

function copy(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
}

/** The next slot that is not empty becomes the one in progress; false where there is none. */
function openSlot(): bool {
  let slot: i64 = -1;
  let at: usize = 0;
  if (words !== 0) {
    at = nextOnWheel(<usize>(current & SLOT_MASK));
    slot = current + ((<i64>at - current) & SLOT_MASK);
  }
  let isOnWheel = words !== 0;
  if (heapSize > 0) {
    const far = load<i64>(times + ((<usize>load<i32>(heap)) << 3)) >> shift;
    if (!isOnWheel || far < slot) {
      isOnWheel = false;
      slot = far;
    }
  }
  if (slot < 0) return false;
  current = slot;
  first = middle;
  end = middle;
  if (isOnWheel) {
    for (let station = load<i32>(slots + (at << 2)); station >= 0; ) {
      // The last scheduled comes first in a slot's list, and mostly belongs last.
      first -= COMPLETION;
      put(first, load<i64>(times + ((<usize>station) << 3)), station);
      station = load<i32>(nexts + ((<usize>station) << 2));
    }
    store<i32>(slots + (at << 2), -1);
    const word = bits + ((at >> 6) << 3);
    const left = load<u64>(word) & ~((<u64>1) << (<u64>(at & 63)));
    store<u64>(word, left);
    if (left === 0) words &= ~((<u64>1) << (<u64>(at >> 6)));
  }
  while (heapSize > 0) {
    const station = load<i32>(heap);
    const time = load<i64>(times + ((<usize>station) << 3));
    if (time >> shift !== slot) break;
    pop();
    put(end, time, station);
    end += COMPLETION;
  }
  if (end - first > COMPLETION) sort();
  return true;
}

/** The first slot with a list from `from` on, round the wheel. */
function nextOnWheel(from: usize): usize {
  let word = from >> 6;
  const here = load<u64>(bits + (word << 3)) & (~(<u64>0) << (<u64>(from & 63)));
  if (here !== 0) return (word << 6) + <usize>ctz(here);
  // Beyond this word, else from the start: then the bits of this word before `from` are the last.
  const beyond = words & ~(((<u64>2) << (<u64>word)) - 1);
  word = <usize>ctz(beyond !== 0 ? beyond : words);
  return (word << 6) + <usize>ctz(load<u64>(bits + (word << 3)));
}

/** Shell's sort: lists are short, or nearly sorted. */
function sort(): void {
  let gap = COMPLETION;
  while (gap * 3 < end - first) gap = gap * 3 + COMPLETION;
  while (gap >= COMPLETION) {
    for (let from = first + gap; from < end; from += COMPLETION) {
      const time = timeOf(from);
      const station = stationOf(from);
      let at = from;
      while (at >= first + gap && isBefore(time, station, at - gap)) {
        copy(at, at - gap);
        at -= gap;
      }
      if (at !== from) put(at, time, station);
    }
    gap = gap === COMPLETION ? 0 : (gap - COMPLETION) / 3;
  }
}

function push(station: i32, time: i64): void {
  let child = heapSize++;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const other = load<i32>(heap + ((<usize>parent) << 2));
    if (load<i64>(times + ((<usize>other) << 3)) <= time) break;
    store<i32>(heap + ((<usize>child) << 2), other);
    child = parent;
  }
  store<i32>(heap + ((<usize>child) << 2), station);
}

/** Removes the top of the heap. */
function pop(): void {
  const size = --heapSize;
  const moved = load<i32>(heap + ((<usize>size) << 2));
  const time = load<i64>(times + ((<usize>moved) << 3));
  let parent = 0;
  for (let child = 1; child < size; child = 2 * parent + 1) {
    let other = load<i32>(heap + ((<usize>child) << 2));
    let otherTime = load<i64>(times + ((<usize>other) << 3));
    if (child + 1 < size) {
      const right = load<i32>(heap + ((<usize>child) << 2), 4);
      const rightTime = load<i64>(times + ((<usize>right) << 3));
      if (rightTime < otherTime) {
        child += 1;
        other = right;
        otherTime = rightTime;
      }
    }
    if (time <= otherTime) break;
    store<i32>(heap + ((<usize>parent) << 2), other);
    parent = child;
  }
  store<i32>(heap + ((<usize>parent) << 2), moved);
}
