import type { Classifier, ForwardOptions, Pass, Wanted } from '../engine/engine.js';
import { deriveSeed } from '../seed.js';

/**
 * A network with random input seen through the mean of `passes` draws, logits and gradients (EOT: Athalye et al. 2018);
 * every forward pass has draws of its own, in an order that `seed` fixes.
 */
export function expectation(classifier: Classifier, passes: number, seed: number): Classifier {
  let drawn = 0;
  return {
    inputShape: classifier.inputShape,
    classes: classifier.classes,
    async forward(images: Float32Array, options: ForwardOptions): Promise<Pass> {
      const all: Pass[] = [];
      try {
        for (let pass = 0; pass < passes; pass += 1) {
          all.push(
            await classifier.forward(images, { ...options, encodingSeed: deriveSeed(seed, 'expectation', drawn) }),
          );
          drawn += 1;
        }
      } catch (error) {
        for (const pass of all) pass.dispose();
        throw error;
      }
      return {
        logits: meanOf(all.map(({ logits }) => logits)),
        async backward(upstream: Float32Array, wanted: Wanted) {
          const inputs: Float32Array[] = [];
          for (const pass of all) {
            const { input } = await pass.backward(upstream, { parameters: false, input: wanted.input });
            if (input !== null) inputs.push(input);
          }
          return { parameters: new Map(), input: inputs.length === 0 ? null : meanOf(inputs) };
        },
        dispose: () => {
          for (const pass of all) pass.dispose();
        },
      };
    },
    dispose: () => undefined,
  };
}

function meanOf(arrays: readonly Float32Array[]): Float32Array {
  return arrays[0]!.map((_, k) => arrays.reduce((sum, array) => sum + array[k]!, 0) / arrays.length);
}
