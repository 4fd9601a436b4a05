import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import h5 from 'h5wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { packKeras } from '../../runtime/keras-file.js';
import { readModel, readModelBytes } from '../../runtime/model-file.js';
import { SpikewrightError } from '../../schemas/diagnostic.js';
import { storedZip } from '../compiler/import/pth-builder.js';
import { annForward } from '../reference/ann-forward.js';
import { expectCode } from '../schemas/hostile.js';

const folder = mkdtempSync(join(tmpdir(), 'spikewright-keras-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** A residual network of every layer kind that is read, statistics and biases drawn at random. */
function residual(): tf.LayersModel {
  const input = tf.input({ shape: [9, 8, 3] });
  const conv = tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', name: 'stem' }).apply(input);
  const norm = tf.layers.batchNormalization({ name: 'norm', epsilon: 1e-3 }).apply(conv);
  const first = tf.layers.activation({ activation: 'relu', name: 'first' }).apply(norm) as tf.SymbolicTensor;
  const branch = tf.layers
    .conv2d({ filters: 4, kernelSize: [3, 2], padding: 'same', useBias: false, activation: 'relu', name: 'branch' })
    .apply(first) as tf.SymbolicTensor;
  const sum = tf.layers.add({ name: 'sum' }).apply([first, branch]);
  const pooled = tf.layers.averagePooling2d({ poolSize: 2, name: 'pool' }).apply(sum);
  const flat = tf.layers.flatten({ name: 'flat' }).apply(pooled);
  const hidden = tf.layers.dense({ units: 6, name: 'hidden' }).apply(flat);
  const relu = tf.layers.reLU({ name: 'relu' }).apply(hidden);
  const dropped = tf.layers.dropout({ rate: 0.2, name: 'dropped' }).apply(relu);
  const output = tf.layers.dense({ units: 5, activation: 'softmax', name: 'classes' }).apply(dropped);
  return tf.model({ inputs: input, outputs: output as tf.SymbolicTensor });
}

function chain(): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [7, 7, 3], filters: 3, kernelSize: 3, activation: 'relu', name: 'conv' }),
      tf.layers.globalAveragePooling2d({ name: 'mean' }),
      tf.layers.dense({ units: 4, name: 'classes' }),
    ],
  });
}

/** Weights away from their initial zeros and ones; variances stay positive. */
function shaken(model: tf.LayersModel): tf.LayersModel {
  for (const [number, { name }] of model.weights.entries()) {
    const weight = model.weights[number]!;
    const noise = tf.randomUniform(weight.shape as number[], -0.4, 0.4, 'float32', number);
    weight.write(name.includes('variance') ? tf.add(tf.abs(noise), 0.5) : tf.add(weight.read(), noise));
  }
  return model;
}

interface Saved {
  readonly topology: Record<string, unknown>;
  readonly specs: readonly { readonly name: string; readonly shape: number[]; readonly dtype: string }[];
  readonly data: Uint8Array;
}

async function saved(model: tf.LayersModel): Promise<Saved> {
  let found: Saved | null = null;
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const data = new Uint8Array(weightData as ArrayBuffer);
      found = { topology: modelTopology as Record<string, unknown>, specs: weightSpecs!, data };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  return found!;
}

function writeTfjs({ topology, specs, data }: Saved): string {
  const cut = data.length >> 1;
  writeFileSync(at('part1.bin'), data.subarray(0, cut));
  writeFileSync(at('part2.bin'), data.subarray(cut));
  const manifest = [{ paths: ['part1.bin', 'part2.bin'], weights: specs }];
  writeFileSync(at('model.json'), JSON.stringify({ modelTopology: topology, weightsManifest: manifest }));
  return at('model.json');
}

/** What Keras 2 writes, its weights named as there. */
async function writeHdf5({ topology, specs, data }: Saved): Promise<string> {
  const { FS } = (await h5.ready) as unknown as { FS: { readFile(name: string): Uint8Array } };
  const file = new h5.File('written.h5', 'w');
  file.create_attribute('model_config', JSON.stringify(topology.model_config ?? topology));
  const group = file.create_group('model_weights');
  const layers = [...new Set(specs.map(({ name }) => name.split('/')[0]!))];
  group.create_attribute('layer_names', layers);
  let offset = 0;
  const names = new Map(layers.map((layer) => [layer, [] as string[]]));
  for (const layer of layers) group.create_group(layer).create_group(layer);
  for (const { name, shape } of specs) {
    const [layer, part] = name.split('/') as [string, string];
    const count = shape.reduce((product, extent) => product * extent, 1);
    const values = new Float32Array(data.slice(offset, offset + 4 * count).buffer);
    offset += 4 * count;
    const own = group.get(`${layer}/${layer}`) as unknown as typeof group;
    own.create_dataset({ name: `${part}:0`, data: values, shape });
    names.get(layer)!.push(`${layer}/${part}:0`);
  }
  for (const [layer, list] of names)
    (group.get(layer) as unknown as typeof group).create_attribute('weight_names', list);
  file.close();
  writeFileSync(at('model.h5'), FS.readFile('written.h5'));
  return at('model.h5');
}

/** What Keras 3 writes: a stored ZIP with the weights by class and number. */
async function writeArchive({ topology, specs, data }: Saved): Promise<string> {
  const { FS } = (await h5.ready) as unknown as { FS: { readFile(name: string): Uint8Array } };
  const file = new h5.File('archive.h5', 'w');
  const config = (topology.model_config ?? topology) as {
    config: { layers: { class_name: string; config: { name: string } }[] };
  };
  const layers = file.create_group('layers');
  const counts = new Map<string, number>();
  for (const { class_name: kind, config: own } of config.config.layers) {
    const snake = { Conv2D: 'conv2d', Dense: 'dense', BatchNormalization: 'batch_normalization' }[kind];
    if (snake === undefined) continue;
    const count = counts.get(snake) ?? 0;
    counts.set(snake, count + 1);
    const vars = layers.create_group(count === 0 ? snake : `${snake}_${count}`).create_group('vars');
    let offset = 0;
    let number = 0;
    for (const { name, shape } of specs) {
      const size = shape.reduce((product, extent) => product * extent, 4);
      if (name.startsWith(`${own.name}/`)) {
        const values = new Float32Array(data.slice(offset, offset + size).buffer);
        vars.create_dataset({ name: `${number}`, data: values, shape });
        number += 1;
      }
      offset += size;
    }
  }
  file.close();
  const files: [string, Uint8Array][] = [
    ['config.json', new TextEncoder().encode(JSON.stringify(config))],
    ['model.weights.h5', FS.readFile('archive.h5')],
  ];
  writeFileSync(at('model.keras'), storedZip(files));
  return at('model.keras');
}

const writers = {
  'tfjs model.json': async (parts: Saved) => writeTfjs(parts),
  '.h5': writeHdf5,
  '.keras': writeArchive,
};

describe.each(Object.entries(writers))('a Keras model of %s', (_, write) => {
  it.each([
    ['functional', residual],
    ['sequential', chain],
  ] as const)('is read as it computes: %s', async (_, build) => {
    await tf.setBackend('cpu');
    const model = shaken(build());
    const path = await write(await saved(model));
    const { value, diagnostics } = readModel(await readModelBytes(path), path, null);
    expect(diagnostics.map(({ code }) => code)).toEqual(['SW1035']);
    const [, ...shape] = model.inputs[0]!.shape as [null, number, number, number];
    const image = tf.randomUniform([1, ...shape], 0, 1, 'float32', 7);
    const wanted = (model.predict(image) as tf.Tensor).dataSync();
    const logits = Array.from(annForward(value, image.dataSync()));
    const shares = build === residual ? softmax(logits) : logits;
    for (const [k, share] of shares.entries()) expect(share).toBeCloseTo(wanted[k]!, 5);
  });
});

function softmax(logits: readonly number[]): readonly number[] {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

describe('a Keras model that cannot be read', () => {
  const dense = (config: object, className = 'Dense') => ({ class_name: className, config: { name: 'x', ...config } });
  const read = (layers: readonly object[]) => async () => {
    const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 8, 8, 3] } };
    const modelTopology = { class_name: 'Sequential', config: { name: 'm', layers: [input, ...layers] } };
    writeFileSync(at('bad.json'), JSON.stringify({ modelTopology, weightsManifest: [] }));
    return readModel(await readModelBytes(at('bad.json')), 'bad.json', null);
  };

  it.each([
    ['SW1041', 'MaxPooling2D', [dense({ pool_size: 2 }, 'MaxPooling2D')]],
    ['SW1041', 'sigmoid', [dense({ activation: 'sigmoid' }, 'Activation')]],
    ['SW1041', 'softmax', [dense({}, 'Softmax'), { class_name: 'Flatten', config: { name: 'y' } }]],
    ['SW1041', 'Flatten', [dense({ units: 3 })]],
    ['SW1041', 'data_format', [dense({ data_format: 'channels_first' }, 'Flatten')]],
    ['SW1040', 'is missing', [dense({ filters: 2, kernel_size: 3 }, 'Conv2D')]],
    ['SW1040', 'kernel_size', [dense({ filters: 2, kernel_size: -1 }, 'Conv2D')]],
  ] as const)('is refused with %s: %s', async (code, word, layers) => {
    await expect(read(layers)()).rejects.toThrow(new RegExp(`${code}[^]*${word}`));
  });

  it('is refused where a weight file is missing, elsewhere, or of another size', async () => {
    const weights = [{ name: 'x/kernel', shape: [2, 2], dtype: 'float32' }];
    const readWith = async (paths: readonly string[]) => {
      writeFileSync(at('bad.json'), JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths, weights }] }));
      return readModelBytes(at('bad.json'));
    };
    writeFileSync(at('short.bin'), new Uint8Array(12));
    writeFileSync(at('long.bin'), new Uint8Array(20));
    await expect(readWith(['none.bin'])).rejects.toThrow('SW1001');
    await expect(readWith(['../short.bin'])).rejects.toThrow('SW1040');
    await expect(readWith(['/etc/passwd'])).rejects.toThrow('SW1040');
    await expect(readWith(['short.bin'])).rejects.toThrow(/SW1040.*beyond/s);
    await expect(readWith(['long.bin'])).rejects.toThrow(/SW1040.*fill/s);
  });

  it('is given up where it takes too long, as some damaged ones would take for ever', async () => {
    const path = await writeHdf5(await saved(shaken(chain())));
    await expect(packKeras(new Uint8Array(readFileSync(path)), 'x.h5', 1)).rejects.toThrow(
      /SW1040 x\.h5: .*not read after/,
    );
  });

  it('gets diagnostics alone, however it is damaged', async () => {
    const path = await writeHdf5(await saved(shaken(chain())));
    const whole = new Uint8Array(readFileSync(path));
    const read = async (bytes: Uint8Array) => {
      writeFileSync(at('damaged.h5'), bytes);
      try {
        readModel(await readModelBytes(at('damaged.h5')), 'damaged.h5', null);
      } catch (error) {
        expect(error).toBeInstanceOf(SpikewrightError);
      }
    };
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(flips, fc.integer({ min: 9, max: whole.length }), async (changes, end) => {
        const copy = whole.slice();
        for (const [position, flip] of changes) copy[position]! ^= flip;
        await read(copy);
        await read(whole.slice(0, end));
      }),
      // Each is read in a thread of its own.
      { numRuns: 12 },
    );
    const topologies = fc.json({ maxDepth: 6 });
    await fc.assert(
      fc.asyncProperty(topologies, async (text) => {
        writeFileSync(at('odd.json'), `{"modelTopology":${text},"weightsManifest":[]}`);
        const bytes = await readModelBytes(at('odd.json'));
        expectCode('SW104[01]', () => readModel(bytes, 'odd.json', null));
      }),
      { numRuns: 200 },
    );
  });
});
