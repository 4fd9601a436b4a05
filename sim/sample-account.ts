import { addEvents, type EventCounts, eventsOf, noEvents } from './events.js';
import type { Machine } from './machine.js';
import { SpikeLog } from './spike-log.js';

/** What one sample does, counted while it runs: every event belongs to the sample that its population is at work on. */
export class SampleAccount {
  readonly log: SpikeLog;
  readonly byCore: EventCounts;
  readonly byPopulation: EventCounts;
  /** In open windows. */
  saturations = 0;
  inputsBeyondMax = 0;
  /** Messages that a fault has made lost or late. */
  lost = 0;
  late = 0;
  /** v of the readout's neurons at the end of its window. */
  readout: Int32Array = new Int32Array(0);
  /** Timesteps in which each population was at work on this sample. */
  readonly steps: Int32Array;
  readonly #machine: Machine;

  constructor(machine: Machine, record: boolean) {
    const { program, cores } = machine;
    this.#machine = machine;
    this.log = new SpikeLog(program, record);
    this.byCore = noEvents(cores.length);
    this.byPopulation = noEvents(program.populations.length);
    this.steps = new Int32Array(program.populations.length);
  }

  /** Counts the updates that were not active, padding's included, once all of the sample's timesteps are over. */
  countInactive(): void {
    const { byCore, byPopulation, steps } = this;
    const kind = 'neuronUpdateInactive';
    for (const { number, ranges, compartments } of this.#machine.cores) {
      for (const [index, { population, first }] of ranges.entries()) {
        const updated = (ranges[index + 1]?.first ?? compartments) - (index === 0 ? 0 : first);
        addEvents(byCore, number, kind, updated * steps[population]!);
        addEvents(byPopulation, population, kind, updated * steps[population]!);
      }
    }
    for (const counts of [byCore, byPopulation]) {
      for (let row = 0; row < counts.rows; row++) {
        addEvents(counts, row, kind, -eventsOf(counts, row, 'neuronUpdateActive'));
      }
    }
  }
}
