import { type EventKind, eventKinds } from '../../sim/events.js';

/** Events by kind, counted one at a time: [cores] and [populations], as the docstring of `eventKinds` reads. */
export class SlowEvents {
  readonly byCore: readonly Record<EventKind, number>[];
  readonly byPopulation: readonly Record<EventKind, number>[];

  constructor(cores: number, populations: number) {
    this.byCore = Array.from({ length: cores }, none);
    this.byPopulation = Array.from({ length: populations }, none);
  }

  add(kind: EventKind, core: number, population: number, count = 1): void {
    this.byCore[core]![kind] += count;
    this.byPopulation[population]![kind] += count;
  }
}

function none(): Record<EventKind, number> {
  return Object.fromEntries(eventKinds.map((kind) => [kind, 0])) as Record<EventKind, number>;
}
