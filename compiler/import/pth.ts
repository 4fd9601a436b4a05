import { failure } from '../../schemas/diagnostic.js';
import { halfToFloat } from '../../schemas/safetensors.js';
import { elementCount } from '../../schemas/tensor.js';
import type { PickledValue } from './pickle.js';
import { PickledCall, PickledDict, PickledGlobal, PickledList, PickledReference, readPickle } from './pickle.js';
import type { StateDict, StateTensor } from './state-dict.js';
import { readStoredZip } from './zip.js';

/** A storage's element: bytes, and how to read one; null for types that hold no weights. */
interface Element {
  readonly bytes: number;
  readonly read: ((view: DataView, offset: number) => number) | null;
}

const elements: Readonly<Record<string, Element>> = {
  'torch FloatStorage': { bytes: 4, read: (view, offset) => view.getFloat32(offset, true) },
  'torch DoubleStorage': { bytes: 8, read: (view, offset) => view.getFloat64(offset, true) },
  'torch HalfStorage': { bytes: 2, read: (view, offset) => halfToFloat(view.getUint16(offset, true)) },
  'torch BFloat16Storage': { bytes: 2, read: (view, offset) => bfloat16(view.getUint16(offset, true)) },
  'torch LongStorage': { bytes: 8, read: null },
  'torch IntStorage': { bytes: 4, read: null },
  'torch ShortStorage': { bytes: 2, read: null },
  'torch CharStorage': { bytes: 1, read: null },
  'torch ByteStorage': { bytes: 1, read: null },
  'torch BoolStorage': { bytes: 1, read: null },
};

const TENSOR = 'torch._utils _rebuild_tensor_v2';
const PARAMETER = 'torch._utils _rebuild_parameter';
const permitted = new Set(['collections OrderedDict', TENSOR, PARAMETER, ...Object.keys(elements)]);

/** Keys under which training scripts keep the state dict beside other things. */
const nestedKeys = ['state_dict', 'model_state_dict', 'model', 'net'];
/** Values in all tensors, per byte of the file: views that share a storage are copied out. */
const VALUES_PER_BYTE = 2;
const RANK_MAX = 8;

/**
 * Reads the state dict of a PyTorch file (.pth, .pt; the ZIP format of PyTorch 1.6 and later), or the one kept in it under
 * a usual key. Tensors of whole numbers are left out, a leading "module." of every name too. The pickle is read by rules
 * that build tensors and plain containers only. Throws SW1011.
 */
export function readPth(bytes: Uint8Array, where: string): StateDict {
  const files = readStoredZip(bytes, where);
  const pickleName = [...files.keys()].find((name) => name.endsWith('/data.pkl'));
  if (pickleName === undefined) throw failure('SW1011', { where, what: 'it holds no data.pkl.' });
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const byteOrder = files.get(`${folder}byteorder`);
  if (byteOrder !== undefined && new TextDecoder().decode(byteOrder) !== 'little') {
    throw failure('SW1011', { where, what: 'its numbers are not in little-endian order.' });
  }
  const place = `${where}, file ${pickleName}`;
  const top = readPickle(files.get(pickleName)!, permitted, place);
  const entries = stateEntries(top, place);
  const reader = new TensorReader(files, folder, VALUES_PER_BYTE * bytes.length);
  const tensors = new Map<string, StateTensor>();
  const isWrapped = entries.every(([name]) => name.startsWith('module.'));
  for (const [name, call] of entries) {
    const tensor = reader.read(call, `${where}, tensor ${name}`);
    if (tensor !== null) tensors.set(isWrapped ? name.slice('module.'.length) : name, tensor);
  }
  return tensors;
}

/** The tensors of a dictionary by name, its own or those of the dictionary under a usual key. */
function stateEntries(top: PickledValue, where: string): readonly [string, PickledCall][] {
  if (top instanceof PickledDict) {
    const nested = nestedKeys.map((key) => top.entries.get(key)).find((value) => value instanceof PickledDict);
    for (const dict of [nested, top]) {
      if (!(dict instanceof PickledDict)) continue;
      const entries = [...dict.entries].flatMap(([name, value]): [string, PickledCall][] =>
        value instanceof PickledCall ? [[name, value]] : [],
      );
      if (entries.length > 0) return entries;
    }
  }
  throw failure('SW1011', { where, what: 'it holds no dictionary of tensors.' });
}

class TensorReader {
  private valuesLeft: number;

  constructor(
    private readonly files: ReadonlyMap<string, Uint8Array>,
    private readonly folder: string,
    valuesMax: number,
  ) {
    this.valuesLeft = valuesMax;
  }

  /** A tensor copied out of its storage, row-major; null where it holds whole numbers. */
  read(call: PickledCall, where: string): StateTensor | null {
    if (call.name === PARAMETER) {
      const [inner] = call.args;
      if (!(inner instanceof PickledCall) || inner.name !== TENSOR) throw broken(where, 'is no tensor.');
      return this.read(inner, where);
    }
    const [storage, offset, size, stride] = call.args;
    const shape = wholeNumbers(size);
    const strides = wholeNumbers(stride);
    if (
      call.name !== TENSOR ||
      !(storage instanceof PickledReference) ||
      typeof offset !== 'number' ||
      !Number.isSafeInteger(offset) ||
      offset < 0 ||
      shape === null ||
      strides?.length !== shape.length
    ) {
      throw broken(where, 'is not described as a tensor is.');
    }
    const { element, data } = this.storage(storage, where);
    const count = elementCount(shape);
    const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset);
    if (count > 0 && !(last < Math.floor(data.length / element.bytes))) {
      throw broken(where, `reaches to value ${last + 1} of a storage of ${data.length} B.`);
    }
    if (element.read === null) return null;
    this.valuesLeft -= count;
    if (!(this.valuesLeft >= 0)) throw broken(where, 'brings the tensors beyond all measure of the file.');
    return { shape, data: copyOut(data, { ...element, read: element.read }, shape, strides, offset) };
  }

  private storage({ id }: PickledReference, where: string): { element: Element; data: Uint8Array } {
    const [kind, type, key] = id;
    const element = type instanceof PickledGlobal ? elements[type.name] : undefined;
    if (kind !== 'storage' || element === undefined || typeof key !== 'string') {
      throw broken(where, 'its storage is not named as one is.');
    }
    const data = this.files.get(`${this.folder}data/${key}`);
    if (data === undefined) throw broken(where, `its storage ${JSON.stringify(key)} is missing.`);
    return { element, data };
  }
}

function copyOut(
  data: Uint8Array,
  { bytes, read }: { bytes: number; read: (view: DataView, offset: number) => number },
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(elementCount(shape));
  const at = new Array<number>(shape.length).fill(0);
  let source = offset;
  for (let k = 0; k < values.length; k += 1) {
    values[k] = read(view, source * bytes);
    // Counts on in the last axis, carrying over to the one before.
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      at[axis]! += 1;
      source += strides[axis]!;
      if (at[axis]! < shape[axis]!) break;
      source -= at[axis]! * strides[axis]!;
      at[axis] = 0;
    }
  }
  return values;
}

/** A short list of whole numbers ≥ 0 whose product stays exact; null for anything else. */
function wholeNumbers(value: PickledValue | undefined): number[] | null {
  if (!(value instanceof PickledList) || value.items.length > RANK_MAX) return null;
  const numbers = value.items.filter((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
  return numbers.length === value.items.length ? (numbers as number[]) : null;
}

/** The upper half of a float32. */
function bfloat16(half: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, half, false);
  return view.getFloat32(0, false);
}

function broken(where: string, what: string) {
  return failure('SW1011', { where, what });
}
