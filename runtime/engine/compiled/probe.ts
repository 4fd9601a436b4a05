import { extract } from './extract.js';
import { Graph } from './graph.js';
import { float32Tensor, Program } from './program.js';

/** Compiles and runs a graph of one sum, 1 + 1; throws where the runtime does not load or gives anything but 2. */
export async function tryRuntime(threads: number): Promise<void> {
  const graph = new Graph();
  const one = graph.input('one', [], 'pass');
  const sum = graph.add(one, one);
  const program = await Program.compile(extract(graph, [sum], 'nothing'), threads);
  const results = await program.run(() => float32Tensor(Float32Array.of(1), []));
  await program.release();
  const [value] = results.get(sum.name)!.data as Float32Array;
  if (value !== 2) throw new Error(`ONNX Runtime computes 1 + 1 = ${value}`);
}
