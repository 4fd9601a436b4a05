import type { NamedArrays } from '../../compiler/training-grid.js';
import type { AnnGraph } from '../../schemas/ann.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { parametersOf } from '../engine/compiled/parameters.js';
import type { Engine, ForwardOptions, LossOptions, Model, ParameterMap, TargetLoss, Wanted } from '../engine/engine.js';
import { lossGradient } from '../engine/target-loss.js';

/**
 * An engine whose models compute with rounded parameters while those that are read, written and so trained are not: the
 * gradient passes the rounding straight through. `round` gives all parameters of a network as a chip would hold them;
 * `grid` names the chip in checkpoints, so that one is not resumed on another's grid.
 */
export function gridEngine(engine: Engine, grid: string, round: (parameters: NamedArrays) => ParameterMap): Engine {
  return {
    name: `${engine.name} on the grid of ${grid}`,
    backend: engine.backend,
    load: (graph) => new GridModel(graph, engine, round),
    memory: () => engine.memory(),
  };
}

class GridModel implements Model {
  private readonly rounded: Model;
  private readonly exact: ParameterMap;

  constructor(
    graph: AnnGraph | SnnGraph,
    engine: Engine,
    private readonly round: (parameters: NamedArrays) => ParameterMap,
  ) {
    this.rounded = engine.load(graph);
    this.exact = new Map([...parametersOf(graph)].map(([name, { data }]) => [name, data.slice()]));
    this.rounded.writeParameters(round(this.exact));
  }

  get inputShape() {
    return this.rounded.inputShape;
  }

  get classes() {
    return this.rounded.classes;
  }

  forward(images: Float32Array, options: ForwardOptions) {
    return this.rounded.forward(images, options);
  }

  lossGradient(images: Float32Array, loss: TargetLoss, options: LossOptions, wanted: Wanted) {
    return lossGradient(this.rounded, images, loss, options, wanted);
  }

  recordSpikes(images: Float32Array) {
    return this.rounded.recordSpikes(images);
  }

  async readParameters(): Promise<ParameterMap> {
    return new Map([...this.exact].map(([name, values]) => [name, values.slice()]));
  }

  writeParameters(values: NamedArrays): void {
    for (const [name, array] of values) {
      const own = this.exact.get(name);
      if (own?.length !== array.length) throw new RangeError(`${name} is no parameter of ${array.length} values`);
      own.set(array);
    }
    this.rounded.writeParameters(this.round(this.exact));
  }

  dispose(): void {
    this.rounded.dispose();
  }
}
