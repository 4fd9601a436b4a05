/**
 * Pending completions of stations, earliest first; of two at one instant the station with the smaller number comes first,
 * so that a simulation has exactly one order of events. Each station has at most one pending.
 */
export class EventQueue {
  /** Instant of each station's pending completion. */
  readonly #time: Float64Array;
  readonly #heap: Int32Array;
  #size = 0;

  constructor(stations: number) {
    this.#time = new Float64Array(stations);
    this.#heap = new Int32Array(stations);
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Instant of the earliest completion; of an empty queue meaningless. */
  get nextTime(): number {
    return this.#time[this.#heap[0]!]!;
  }

  schedule(station: number, time: number): void {
    const heap = this.#heap;
    const times = this.#time;
    times[station] = time;
    let child = this.#size++;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const other = heap[parent]!;
      const otherTime = times[other]!;
      if (otherTime < time || (otherTime === time && other < station)) break;
      heap[child] = other;
      child = parent;
    }
    heap[child] = station;
  }

  /** Removes and returns the station whose completion is earliest. */
  take(): number {
    const heap = this.#heap;
    const times = this.#time;
    const first = heap[0]!;
    const size = --this.#size;
    const moved = heap[size]!;
    const time = times[moved]!;
    let parent = 0;
    for (let child = 1; child < size; child = 2 * parent + 1) {
      if (child + 1 < size) {
        const left = times[heap[child]!]!;
        const right = times[heap[child + 1]!]!;
        if (right < left || (right === left && heap[child + 1]! < heap[child]!)) child++;
      }
      const other = heap[child]!;
      const otherTime = times[other]!;
      if (time < otherTime || (time === otherTime && moved < other)) break;
      heap[parent] = other;
      parent = child;
    }
    heap[parent] = moved;
    return first;
  }
}
