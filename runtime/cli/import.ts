import { encodeAnn } from '../../schemas/ann-file.js';
import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { layerShapes, shapeText } from '../../schemas/layer-shapes.js';
import { architectureNames } from '../models/architectures.js';
import { textTable } from '../report/text-table.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { defineCommand } from './command.js';

export const importModel = defineCommand({
  name: 'import',
  summary: 'Read an ANN from an ONNX file, or from the weights of a named architecture',
  positionals: ['<model>'],
  options: {
    model: { type: 'string', demandOption: true, describe: 'ONNX model; with --arch, weights (.pth, .safetensors)' },
    out: { type: 'string', demandOption: true, describe: 'ANN to write (.swa)' },
    arch: { type: 'string', choices: architectureNames, describe: 'Architecture that the file holds the weights of' },
    dataset: {
      type: 'string',
      choices: ['cifar10', 'cifar100', 'svhn', 'tinyimagenet'],
      describe:
        'With --arch: whose normalisation; that of TinyImageNet for vgg11-tiny and of CIFAR-10 else, unless said',
    },
    mean: { type: 'number', array: true, describe: 'Mean per channel, of a model that does not normalise its input' },
    std: { type: 'number', array: true, describe: 'Standard deviation per channel, with --mean' },
  },
  examples: [
    ['import net.onnx --out net.swa', 'Reads a model that normalises its input itself'],
    ['import net.pth --arch wrn16-4 --dataset cifar100 --out net.swa', 'Reads a PyTorch state dict'],
    ['import net.onnx --out net.swa --mean 0.5 0.5 0.5 --std 0.2 0.2 0.2', 'Adds the normalisation'],
  ],
  async run({ model, out, arch, dataset, mean, std }, context) {
    const [{ readModel, readWeights }, { normalisations }] = await Promise.all([
      import('../model-file.js'),
      import('../data/normalisation.js'),
    ]);
    const given = normalisationOf(mean, std);
    if (dataset !== undefined && (arch === undefined || given !== null)) {
      throw failure('SW6002', {
        where: '--dataset',
        what: 'it stands for --mean and --std, and for weights with --arch.',
      });
    }
    const file = await readFileWhole(model);
    const name = dataset ?? (arch === 'vgg11-tiny' ? 'tinyimagenet' : 'cifar10');
    const { value, diagnostics } =
      arch === undefined
        ? readModel(file, model, given)
        : { value: readWeights(file, model, arch, given ?? normalisations[name]!), diagnostics: [] };
    context.tell(diagnostics);
    const bytes = encodeAnn(value);
    await writeFileWhole(out, bytes);
    const shapes = layerShapes(value.layers);
    const rows = value.layers.map(({ name, kind }) => ({ name, kind, shape: shapes.get(name) ?? [] }));
    context.print(
      textTable(
        [{ title: 'Layer' }, { title: 'Kind' }, { title: 'Output' }],
        rows.map(({ name, kind, shape }) => [name, kind, shapeText(shape)]),
      ),
    );
    context.print(`\n${out}: ${value.name}, ${rows.length} layers`);
    return { json: { name: value.name, layers: rows, out, sha256: sha256(bytes) } };
  },
});

function normalisationOf(mean: number[] | undefined, std: number[] | undefined) {
  if (mean === undefined && std === undefined) return null;
  const sound = [...(mean ?? []), ...(std ?? [])].every(Number.isFinite) && (std ?? []).every((value) => value > 0);
  if (mean === undefined || std === undefined || mean.length !== std.length || !sound) {
    throw failure('SW6002', {
      where: '--mean, --std',
      what: 'both are needed, one number per channel each, standard deviations above 0.',
    });
  }
  return { mean, std };
}
