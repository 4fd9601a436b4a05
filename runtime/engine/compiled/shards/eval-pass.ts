import type { ForwardOptions, Kept, ParameterMap, Pass, Wanted } from '../../engine.js';
import { requireKept } from '../../kept.js';
import type { Crew } from './crew.js';
import type { ImageParts } from './image-parts.js';
import { addTo, joined } from './sums.js';

/** A pass in eval mode, part by part. It holds the images alone: a backward pass repeats the forward pass before it. */
export class EvalPass implements Pass {
  private constructor(
    readonly logits: Float32Array,
    private images: Float32Array | null,
    private readonly parts: ImageParts,
    private readonly crew: Crew,
    private readonly options: ForwardOptions & { readonly gradients: Kept },
  ) {}

  static async forward(
    images: Float32Array,
    parts: ImageParts,
    crew: Crew,
    options: ForwardOptions,
  ): Promise<EvalPass> {
    const logits: Float32Array[] = [];
    await crew.each(
      parts.count,
      'logits',
      (part) => [parts.of(images, part), options],
      (found) => logits.push(found),
    );
    return new EvalPass(joined(logits), images, parts, crew, { ...options, gradients: options.gradients ?? 'all' });
  }

  async backward(
    upstream: Float32Array,
    wanted: Wanted,
  ): Promise<{ parameters: ParameterMap; input: Float32Array | null }> {
    const [images, parts, options] = [this.images, this.parts, this.options];
    if (images === null || options.gradients === 'none') {
      throw new Error('this pass keeps nothing for a backward pass, or has been disposed');
    }
    requireKept(options.gradients, wanted);
    if (upstream.length !== this.logits.length) {
      throw new RangeError(`the upstream gradient has ${upstream.length} values, the logits ${this.logits.length}`);
    }
    const inputs: Float32Array[] = [];
    const parameters: ParameterMap = new Map();
    await this.crew.each(
      parts.count,
      'gradients',
      (part) => [parts.of(images, part), parts.of(upstream, part), options, wanted],
      (found) => {
        if (found.input !== null) inputs.push(found.input);
        for (const [name, values] of found.parameters) addTo(parameters, name, values);
      },
    );
    return { parameters, input: wanted.input ? joined(inputs) : null };
  }

  dispose(): void {
    this.images = null;
  }
}
