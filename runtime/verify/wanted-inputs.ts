import { relayWeight } from '../../compiler/fan-out.js';
import type { Program } from '../../schemas/program.js';
import type { IntegerSpikeGraph } from '../../schemas/spike.js';
import { readTarget } from '../../schemas/target-file.js';
import { forEachArrival } from './network-inputs.js';

/** Told of one synapse: number of the population and neuron whose spike it feels, after how many timesteps, and its weight. */
type WantedVisitor = (origin: number, neuron: number, delay: number, weight: number) => void;

/**
 * What a Program's neurons should hear by the network that it was made of. Relays are not in the network: whatever they
 * send is that of the population whose spikes they repeat, so much later.
 */
export class WantedInputs {
  readonly #program: Program;
  readonly #graph: IntegerSpikeGraph;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #relayWeight: number;

  constructor(program: Program, graph: IntegerSpikeGraph) {
    this.#program = program;
    this.#graph = graph;
    this.#numbers = new Map(program.populations.map(({ name }, number) => [name, number]));
    this.#relayWeight = relayWeight(readTarget(program.targetJson, 'target').arithmetic);
  }

  /** Whose spikes a population's are, and how many timesteps later it fires them; its own, at once, of one that is no relay. */
  origin(population: number): { readonly origin: number; readonly later: number } {
    const { relayOf, phase } = this.#program.populations[population]!;
    if (relayOf === null) return { origin: population, later: 0 };
    const origin = this.#numbers.get(relayOf)!;
    return { origin, later: phase - this.#program.populations[origin]!.phase };
  }

  /** Calls `visit` for all that a neuron of a population should hear. */
  forEach(population: number, neuron: number, visit: WantedVisitor): void {
    const { name, relayOf } = this.#program.populations[population]!;
    if (relayOf !== null) {
      const { origin, later } = this.origin(population);
      visit(origin, neuron, later, this.#relayWeight);
      return;
    }
    forEachArrival(this.#graph, name, neuron, (from, source, delay, weight) => {
      visit(this.#numbers.get(from)!, source, delay, weight);
    });
  }
}
