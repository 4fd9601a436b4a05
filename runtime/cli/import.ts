import type { AnnGraph } from '../../schemas/ann.js';
import { encodeAnn } from '../../schemas/ann-file.js';
import { failure } from '../../schemas/diagnostic.js';
import { sha256 } from '../../schemas/hash.js';
import { layerShapes, shapeText } from '../../schemas/layer-shapes.js';
import type { SnnGraph } from '../../schemas/snn.js';
import { encodeSnn } from '../../schemas/snn-file.js';
import { architectureNames } from '../models/architectures.js';
import { textTable } from '../report/text-table.js';
import { readFileWhole } from '../store/read-file.js';
import { writeFileWhole } from '../store/write-file.js';
import { type CommandContext, defineCommand } from './command.js';
import { realNumber } from './options.js';

export const importModel = defineCommand({
  name: 'import',
  summary: 'Read an ANN from ONNX, Keras or tfjs files or weights of a named architecture, or an SNN from NIR',
  positionals: ['<model>'],
  options: {
    model: {
      type: 'string',
      demandOption: true,
      describe:
        'ONNX, Keras or NIR model (.onnx, .h5, .keras, model.json of tfjs, .nir); with --arch, weights (.pth, .safetensors)',
    },
    out: {
      type: 'string',
      demandOption: true,
      describe: 'ANN to write (.swa), or SNN (.sws) with --timesteps or of NIR',
    },
    arch: { type: 'string', choices: architectureNames, describe: 'Architecture that the file holds the weights of' },
    dataset: {
      type: 'string',
      choices: ['cifar10', 'cifar100', 'svhn', 'tinyimagenet'],
      describe:
        'With --arch: whose normalisation; that of TinyImageNet for vgg11-tiny and of CIFAR-10 else, unless said',
    },
    timesteps: {
      type: 'number',
      describe:
        'With --arch: the weights are of an SNN of so many timesteps, thresholds (v_th) among them; of NIR: timesteps, if the file notes none',
      range: { minimum: 1, maximum: 65_536, whole: true },
    },
    leak: realNumber('Share of the membrane that a step keeps, with --timesteps', 1, 0.001, 1),
    reset: {
      type: 'string',
      choices: ['hard', 'soft'],
      default: 'hard',
      describe: 'To zero, or by the threshold, with --timesteps',
    },
    dt: realNumber('Of NIR: length of a timestep in the unit of its time constants', 1, 1e-12, 1e12),
    mean: { type: 'number', array: true, describe: 'Mean per channel, of a model that does not normalise its input' },
    std: { type: 'number', array: true, describe: 'Standard deviation per channel, with --mean' },
  },
  examples: [
    ['import net.onnx --out net.swa', 'Reads a model that normalises its input itself'],
    ['import net.pth --arch wrn16-4 --dataset cifar100 --out net.swa', 'Reads a PyTorch state dict'],
    ['import net.nir --out net.sws --timesteps 16 --dt 1e-3', 'Reads a spiking network whose times are in seconds'],
    ['import net.onnx --out net.swa --mean 0.5 0.5 0.5 --std 0.2 0.2 0.2', 'Adds the normalisation'],
  ],
  async run({ model, out, arch, dataset, timesteps, dt, leak, reset, mean, std }, context) {
    if (model.endsWith('.nir')) return importNirFile({ model, out, timesteps, dt }, context);
    const [{ readModel, readModelBytes, readWeights }, { normalisations }] = await Promise.all([
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
    if (timesteps !== undefined && arch === undefined) {
      throw failure('SW6002', {
        where: '--timesteps',
        what: 'it says how weights with --arch are run; use "spikewright convert".',
      });
    }
    const file = arch === undefined ? await readModelBytes(model) : await readFileWhole(model);
    const name = dataset ?? (arch === 'vgg11-tiny' ? 'tinyimagenet' : 'cifar10');
    const { value, diagnostics } =
      arch === undefined
        ? readModel(file, model, given)
        : readWeights(
            file,
            model,
            arch,
            given ?? normalisations[name]!,
            timesteps === undefined ? null : { timesteps, leak, reset },
          );
    context.tell(diagnostics);
    return writeNetwork(value, out, context);
  },
});

interface NirFile {
  readonly model: string;
  readonly out: string;
  readonly timesteps: number | undefined;
  readonly dt: number;
}

async function importNirFile({ model, out, timesteps, dt }: NirFile, context: CommandContext) {
  const [{ readNirFile }, { importNir }] = await Promise.all([
    import('../nir/read-file.js'),
    import('../../compiler/import/nir.js'),
  ]);
  const bytes = await readFileWhole(model);
  const graph = await readNirFile(bytes, model);
  const { value, diagnostics } = importNir(graph, bytes.length, model, { timesteps: timesteps ?? null, dt });
  context.tell(diagnostics);
  return writeNetwork(value, out, context);
}

/** Writes a network and prints its layers. */
async function writeNetwork(graph: AnnGraph | SnnGraph, out: string, context: CommandContext) {
  const bytes = graph.kind === 'snn' ? encodeSnn(graph) : encodeAnn(graph);
  await writeFileWhole(out, bytes);
  const shapes = layerShapes(graph.layers);
  const rows = graph.layers.map(({ name, kind }) => ({ name, kind, shape: shapes.get(name) ?? [] }));
  context.print(
    textTable(
      [{ title: 'Layer' }, { title: 'Kind' }, { title: 'Output' }],
      rows.map(({ name, kind, shape }) => [name, kind, shapeText(shape)]),
    ),
  );
  context.print(`\n${out}: ${graph.name}, ${rows.length} layers`);
  return { json: { name: graph.name, layers: rows, out, sha256: sha256(bytes) } };
}

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
