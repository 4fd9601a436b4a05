import type { AnnGraph } from '../schemas/ann.js';
import { failure } from '../schemas/diagnostic.js';
import type { Program } from '../schemas/program.js';
import type { SnnGraph } from '../schemas/snn.js';
import type { Dataset } from './data/dataset.js';
import type { Engine } from './engine/engine.js';
import { requireFit } from './train/run-identity.js';

/** Throws SW4008 unless a network takes the data set's images and has an output for each class. */
export function requireNetworkFit(engine: Engine, graph: AnnGraph | SnnGraph, dataset: Dataset): void {
  const model = engine.load(graph);
  try {
    requireFit(model, dataset);
  } finally {
    model.dispose();
  }
}

/** Throws SW5001 unless a program's host encodes images of the data set's shape. */
export function requireProgramFit({ drives, name }: Program, { name: dataset, shape }: Dataset): void {
  for (const { inputShape } of drives) {
    if (inputShape.some((extent, axis) => extent !== shape[axis])) {
      throw failure('SW5001', {
        where: `program ${name}`,
        what: `it reads images of ${inputShape.join('×')}; those of ${dataset} are ${shape.join('×')}.`,
      });
    }
  }
}
