import type { Drive, IntegerSpikeGraph } from '../../../schemas/spike.js';
import type { MapShape, Tensor } from '../../../schemas/tensor.js';
import type { EmissionContext } from '../../engine/compiled/emission.js';
import { inputName } from '../../engine/compiled/emission.js';
import type { Value } from '../../engine/compiled/graph.js';
import { Graph } from '../../engine/compiled/graph.js';
import type { NetworkGraph } from '../../engine/compiled/network-graph.js';
import { passInputs } from '../../engine/compiled/network-graph.js';
import { gradientOver, Signal } from '../../engine/compiled/signal.js';
import { emitTargetLoss } from '../../engine/compiled/target-loss.js';
import type { LinearGeometry } from '../linear.js';
import type { PlannedPopulation, TwinPlan } from '../plan.js';
import { saturationOf } from './exactness.js';
import type { LinearEmission } from './linear.js';
import { emitLinear, linearParameter } from './linear.js';
import type { PopulationEmission } from './population.js';
import { emitPopulation } from './population.js';

/** Name of the graph input with a drive's currents, [N, H, W, C] in membrane units. */
export function driveInput(index: number): string {
  return `drive ${index}`;
}

/** Membrane units of the readout after T steps per unit of a logit. */
export function logitUnit({ timesteps }: IntegerSpikeGraph, { populations, readout }: TwinPlan): number {
  return populations[readout]!.population.scale * timesteps;
}

/** Kernels by graph input, as the graph takes them; those of drives serve the backward pass alone. */
export function twinParameters({ drives }: IntegerSpikeGraph, plan: TwinPlan): ReadonlyMap<string, Tensor> {
  const parameters = new Map<string, Tensor>();
  for (const planned of plan.populations) {
    for (const { projection, sourceShape } of planned.projections) {
      const { name, kernel } = projection;
      const tensor = linearParameter(
        projectionGeometry(projection, sourceShape, planned.population.shape),
        Float32Array.from(kernel.data),
      );
      parameters.set(inputName(projectionName(name), 'kernel'), tensor);
    }
    for (const index of planned.drives) {
      const drive = drives[index]!;
      const geometry = driveGeometry(drive, planned.population.shape);
      parameters.set(inputName(driveInput(index), 'kernel'), linearParameter(geometry, drive.kernel.data));
    }
  }
  return parameters;
}

/**
 * Writes the twin's passes for a batch of fixed size. What stands for the logits is the readout's membrane after T steps,
 * [N, classes]; in activation mode the logits. The backward pass starts from the gradient at the logits.
 */
export function twinGraph(
  network: IntegerSpikeGraph,
  plan: TwinPlan,
  given: Omit<EmissionContext, 'graph'>,
): NetworkGraph {
  const { drives } = network;
  const graph = new Graph();
  const context = { ...given, graph };
  const { batch, form } = given;
  const maps: LinearEmission[][] = [];
  const emissions: PopulationEmission[] = [];
  const spikes = new Map<string, Value>();
  for (const planned of plan.populations) {
    const { population } = planned;
    graph.layer = population.name;
    const own = planned.projections.map(({ projection, source, sourceShape }) =>
      emitLinear(
        projectionName(projection.name),
        projectionGeometry(projection, sourceShape, population.shape),
        context,
        emissions[source]!.output,
      ),
    );
    const driven = planned.drives.map((index) => {
      const currents = graph.input(driveInput(index), [batch, ...population.shape], 'pass');
      return Signal.merged(graph, graph.transpose(currents, [0, 3, 1, 2]), 1);
    });
    const inputs = [...own.map(({ output }) => output), ...driven];
    const emission = emitPopulation(population, context, inputs, saturationOf(network, plan, planned));
    maps.push(own);
    emissions.push(emission);
    if (population.kind === 'spiking' && form !== 'activation') {
      const bytes = emission.output.map((part) => graph.asBytes(graph.transpose(part, [0, 2, 3, 1])));
      spikes.set(population.name, bytes.merged);
    }
  }
  const readout = emissions[plan.readout]!.output.merged;
  const classes = readout.shape[1]!;
  const logits = graph.reshape(readout, [batch, classes]);

  const perLogit = form === 'activation' ? 1 : logitUnit(network, plan);
  const upstream = emitTargetLoss(graph, graph.scale(logits, 1 / perLogit));

  graph.startBackward();
  const upstreams = new Map<number, Signal>();
  upstreams.set(plan.readout, Signal.merged(graph, graph.reshape(upstream, [batch, classes, 1, 1]), 1));
  const atImage: Value[] = [];
  for (const [index, planned] of [...plan.populations.entries()].reverse()) {
    const atOutput = upstreams.get(index);
    if (atOutput === undefined) continue;
    graph.layer = planned.population.name;
    const atInput = emissions[index]!.backward(atOutput);
    for (const [k, { source }] of planned.projections.entries()) {
      const gradient = maps[index]![k]!.backward(atInput);
      const sum = upstreams.get(source);
      upstreams.set(source, sum === undefined ? gradient : addSignals(graph, sum, gradient));
    }
    for (const k of planned.drives) atImage.push(imageGradient(drives[k]!, k, planned, context, atInput));
  }
  // An image that no logit depends on has no gradient.
  const shape = [batch, ...plan.inputShape];
  const none = (): Value =>
    graph.apply('Identity', [graph.constant(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)], shape);
  return {
    graph,
    logits,
    upstream,
    updates: new Map(),
    gradients: new Map(),
    imageGradient: atImage.length === 0 ? none() : graph.total(atImage),
    spikes,
  };
}

/** Through a drive's rounding, convolution and normalisation, [N, H, W, C]. */
function imageGradient(
  drive: Drive,
  index: number,
  { population }: PlannedPopulation,
  context: EmissionContext,
  atInput: Signal,
): Value {
  const { graph, batch } = context;
  const [height, width, channels] = drive.inputShape;
  // Its values do not matter: the map is linear, and the drive's currents are handed in.
  const unseen = graph.input(passInputs.image, [batch, channels, height, width], 'pass');
  const geometry = driveGeometry(drive, population.shape);
  const map = emitLinear(driveInput(index), geometry, context, Signal.merged(graph, unseen, 1));
  const below = map.backward(gradientOver(graph, atInput.parts, 1)).merged;
  const slope = Float32Array.from(drive.std, (std) => drive.scale / std);
  return graph.mul(graph.transpose(below, [0, 2, 3, 1]), graph.constant(slope, [slope.length]));
}

function addSignals(graph: Graph, a: Signal, b: Signal): Signal {
  return Signal.ofParts(
    graph,
    a.parts.map((part, t) => graph.add(part, b.at(t))),
  );
}

/** Kept apart from the names of drives. */
function projectionName(name: string): string {
  return `projection ${name}`;
}

function projectionGeometry(
  {
    pool,
    padding,
    stride,
    kernel,
  }: Pick<LinearGeometry, 'pool' | 'padding' | 'stride'> & {
    readonly kernel: { readonly shape: LinearGeometry['kernelShape'] };
  },
  source: MapShape,
  target: MapShape,
): LinearGeometry {
  return { source, target, pool, padding, stride, kernelShape: kernel.shape };
}

function driveGeometry({ inputShape, padding, stride, kernel }: Drive, target: MapShape): LinearGeometry {
  return { source: inputShape, target, pool: [1, 1], padding, stride, kernelShape: kernel.shape };
}
