import type { IntegerSpikeGraph, Projection } from '../../schemas/spike.js';
import type { MapShape } from '../../schemas/tensor.js';

/** Told of one synapse: the population and neuron that it comes from, its delay in timesteps, its weight in membrane units. */
export type ArrivalVisitor = (population: string, neuron: number, delay: number, weight: number) => void;

/**
 * Calls `visit` for every weight that is not zero from any neuron to neuron `neuron` (its index (y·W + x)·C + c) of the
 * population called `target`. A source that several projections lead from comes once for each.
 */
export function forEachArrival(graph: IntegerSpikeGraph, target: string, neuron: number, visit: ArrivalVisitor): void {
  const shapeOf = (name: string): MapShape => graph.populations.find((population) => population.name === name)!.shape;
  for (const projection of graph.projections) {
    if (projection.to !== target) continue;
    visitProjection(projection, shapeOf(projection.from), shapeOf(target), neuron, visit);
  }
}

function visitProjection(
  { from, delay, pool, padding, stride, kernel }: Projection<Int32Array>,
  [height, width, channels]: MapShape,
  [, columns, outputs]: MapShape,
  neuron: number,
  visit: ArrivalVisitor,
): void {
  const [kernelHeight, kernelWidth, inputs] = kernel.shape;
  const [poolHeight, poolWidth] = pool;
  const output = neuron % outputs;
  const top = Math.floor(neuron / outputs / columns) * stride[0] - padding.top;
  const left = (Math.floor(neuron / outputs) % columns) * stride[1] - padding.left;
  // Rows and columns of the source that fill no window are dropped.
  const [pooledHeight, pooledWidth] = [Math.floor(height / poolHeight), Math.floor(width / poolWidth)];
  for (let ky = 0; ky < kernelHeight; ky += 1) {
    const y = top + ky;
    if (y < 0 || y >= pooledHeight) continue;
    for (let kx = 0; kx < kernelWidth; kx += 1) {
      const x = left + kx;
      if (x < 0 || x >= pooledWidth) continue;
      for (let input = 0; input < inputs; input += 1) {
        const weight = kernel.data[((ky * kernelWidth + kx) * inputs + input) * outputs + output]!;
        if (weight === 0) continue;
        for (let dy = 0; dy < poolHeight; dy += 1) {
          for (let dx = 0; dx < poolWidth; dx += 1) {
            const position = (y * poolHeight + dy) * width + x * poolWidth + dx;
            visit(from, position * channels + input, delay, weight);
          }
        }
      }
    }
  }
}
