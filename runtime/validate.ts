import { importOnnx } from '../compiler/import/onnx.js';
import { readPth } from '../compiler/import/pth.js';
import type { AnnGraph } from '../schemas/ann.js';
import { decodeAnn } from '../schemas/ann-file.js';
import { type Diagnostic, diagnostic, SpikewrightError } from '../schemas/diagnostic.js';
import { type FileKind, fileKind, fileKindTitle } from '../schemas/file-kind.js';
import { checkJson, type JsonFormat, jsonFormats, likeliestFormat, parseJson } from '../schemas/json-file.js';
import { type LayerShape, layerShapes, shapeText } from '../schemas/layer-shapes.js';
import type { Program } from '../schemas/program.js';
import { decodeProgram } from '../schemas/program-file.js';
import { readRun } from '../schemas/run-file.js';
import { readSafetensors } from '../schemas/safetensors.js';
import type { SnnGraph } from '../schemas/snn.js';
import { decodeSnn } from '../schemas/snn-file.js';
import { decodeSpikeGraph } from '../schemas/spike-file.js';
import { readTarget } from '../schemas/target-file.js';
import { elementCount } from '../schemas/tensor.js';
import { checkMachine } from '../sim/check-machine.js';

/** What a file turned out to be. */
export interface Validation {
  /** 'json' only where a JSON file is of no known format. */
  readonly kind: FileKind | JsonFormat;
  /** One line on its content; null where it is not sound. */
  readonly summary: string | null;
  /** Errors where it is not sound; else notes. */
  readonly diagnostics: readonly Diagnostic[];
}

interface Content {
  readonly summary: string;
  readonly diagnostics?: readonly Diagnostic[];
}

/**
 * Recognises a file by its content and checks it wholly, a Program against its own target too; `name` stands for the
 * file in messages, `as` says which format a JSON file is, where its keys shall not tell, and `dt` how long a timestep is
 * in a NIR file's unit of time. Never throws for what the bytes are: faults come back as error diagnostics.
 */
export async function validateFile(
  bytes: Uint8Array,
  name: string,
  as: JsonFormat | null = null,
  dt = 1,
): Promise<Validation> {
  let kind: Validation['kind'] = fileKind(bytes);
  try {
    if (kind === 'json') {
      const value = parseJson(new TextDecoder().decode(bytes), name);
      const format = as ?? likeliestFormat(value);
      if (format === null)
        return { kind, summary: null, diagnostics: [strange(name, 'JSON whose keys fit no format')] };
      kind = format;
      const summary = jsonSummary(format, value, name);
      return { kind, summary, diagnostics: [] };
    }
    if (kind === 'unknown') return { kind, summary: null, diagnostics: [strange(name, fileKindTitle.unknown)] };
    if (kind === 'hdf5') return { kind, ...(await hdf5Content(bytes, name, dt)) };
    return { kind, diagnostics: [], ...readers[kind](bytes, name) };
  } catch (error) {
    if (error instanceof SpikewrightError) return { kind, summary: null, diagnostics: error.diagnostics };
    throw error;
  }
}

type Reader = (bytes: Uint8Array, name: string) => Content;

const readers: Readonly<Record<Exclude<FileKind, 'json' | 'hdf5' | 'unknown'>, Reader>> = {
  ann: (bytes, name) => ({ summary: networkSummary(decodeAnn(bytes, name)) }),
  snn: (bytes, name) => ({ summary: networkSummary(decodeSnn(bytes, name)) }),
  spike: (bytes, name) => {
    const { populations, projections, timesteps, membraneMax } = decodeSpikeGraph(bytes, name);
    const neurons = populations.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const numbers = membraneMax === null ? 'float' : 'integer';
    const parts = `${populations.length} populations, ${projections.length} projections`;
    return { summary: `${numbers}, ${parts}, ${count(neurons)} neurons, T = ${timesteps}` };
  },
  program: (bytes, name) => ({ summary: programSummary(decodeProgram(bytes, name), name) }),
  safetensors: (bytes, name) => {
    const { tensors } = readSafetensors(bytes, name);
    const values = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    return { summary: `${tensors.size} tensors, ${count(values)} values` };
  },
  zip: (bytes, name) => {
    const tensors = readPth(bytes, name);
    const values = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    return { summary: `${tensors.size} tensors, ${count(values)} values` };
  },
  onnx: (bytes, name) => {
    const { value, diagnostics } = importOnnx(bytes, name);
    return { summary: networkSummary(value), diagnostics };
  },
};

async function hdf5Content(bytes: Uint8Array, name: string, dt: number): Promise<Required<Content>> {
  const { hdf5Network } = await import('./validate-hdf5.js');
  const { value, diagnostics } = await hdf5Network(bytes, name, dt);
  return { summary: networkSummary(value.network, value.isTimed), diagnostics };
}

function networkSummary(graph: AnnGraph | SnnGraph, isTimed = graph.kind === 'snn'): string {
  const shapes = [...layerShapes(graph.layers).values()];
  const [input, output] = [shapes[0], shapes[shapes.length - 1]] as [LayerShape, LayerShape];
  const time = isTimed && graph.kind === 'snn' ? `, T = ${graph.timesteps}` : '';
  const parameters = graph.layers.reduce((sum, layer) => sum + ('kernel' in layer ? layer.kernel.data.length : 0), 0);
  return `${graph.layers.length} layers, ${shapeText(input)} to ${output[0]} classes, ${count(parameters)} weights${time}`;
}

/** Checks the Program against its target, as a simulation would before it runs. */
function programSummary(program: Program, name: string): string {
  const target = readTarget(program.targetJson, `${name}, target`);
  checkMachine(program, target);
  const { cores, chips, populations, timesteps } = program;
  return `for ${target.name}: ${cores.length} cores on ${chips} ${chips === 1 ? 'chip' : 'chips'}, ${populations.length} populations, T = ${timesteps}`;
}

function jsonSummary(format: JsonFormat, value: unknown, name: string): string {
  switch (format) {
    case 'target': {
      const target = readTarget(JSON.stringify(value), name);
      return `${target.name}: ${target.description}`;
    }
    case 'run': {
      const { model, dataset, compile } = readRun(JSON.stringify(value), name);
      return `${model} on ${dataset.name} for ${compile.target}`;
    }
    case 'budget':
    case 'report':
    case 'stats':
    case 'reproducer':
    case 'progress':
    case 'sweep':
    case 'sweep-result':
    case 'bench':
    case 'result':
      checkJson(format, value, name);
      return `a sound ${format}`;
  }
}

function strange(name: string, what: string): Diagnostic {
  const known = [
    ...(['ann', 'snn', 'spike', 'program', 'safetensors', 'zip', 'hdf5', 'onnx'] as const).map(
      (kind) => fileKindTitle[kind],
    ),
  ];
  return diagnostic('SW1002', 'error', {
    where: name,
    what: `this is ${what}.`,
    why: `Known are ${known.join(', ')}, and JSON files: ${jsonFormats.join(', ')}.`,
  });
}

function count(value: number): string {
  return value.toLocaleString('en');
}
