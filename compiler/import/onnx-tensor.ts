import { failure } from '../../schemas/diagnostic.js';
import { onnx } from '../../schemas/generated/messages.js';
import { halfToFloat } from '../../schemas/safetensors.js';
import { elementCount } from '../../schemas/tensor.js';
import { readArray } from '../../schemas/wire.js';

/** A constant of an ONNX model, row-major: weights as floats, shapes and axes as whole numbers. */
export type ConstantTensor =
  | { readonly type: 'float'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'integer'; readonly shape: readonly number[]; readonly data: readonly number[] };

/** protobufjs gives 64-bit numbers as objects. */
type WireInteger = number | { toNumber(): number };

/** A 64-bit whole number of a file as a number. Throws SW1034 beyond ±2⁵³. */
export function wholeNumber(value: WireInteger | null | undefined, where: string): number {
  const number = typeof value === 'number' ? value : (value?.toNumber() ?? 0);
  if (!Number.isSafeInteger(number)) throw failure('SW1034', { where, what: `the number ${number} is too large.` });
  return number;
}

/**
 * The values of an ONNX tensor: float32, float64 and float16 as float32; int64 and int32 as numbers.
 * Throws SW1034 unless shape and values agree, SW1005 on raw NaN or infinity, SW1033 on other types and on data kept in
 * another file.
 */
export function readTensor(tensor: onnx.TensorProto.$Properties, where: string): ConstantTensor {
  if (tensor.dataLocation) {
    throw failure('SW1033', {
      where,
      what: 'its values lie in another file.',
      fix: 'Export the model with its weights inside.',
    });
  }
  const shape = (tensor.dims ?? []).map((extent) => wholeNumber(extent, where));
  const values = readValues(tensor, where);
  if (shape.some((extent) => extent < 0) || elementCount(shape) !== values.data.length) {
    throw failure('SW1034', {
      where,
      what: `shape [${shape.join(', ')}] needs ${elementCount(shape)} values, ${values.data.length} are there.`,
    });
  }
  return { ...values, shape };
}

type Values =
  | { readonly type: 'float'; readonly data: Float32Array }
  | { readonly type: 'integer'; readonly data: readonly number[] };

function readValues(tensor: onnx.TensorProto.$Properties, where: string): Values {
  const { DataType } = onnx.TensorProto;
  const raw = tensor.rawData && tensor.rawData.length > 0 ? tensor.rawData : null;
  switch (tensor.dataType) {
    case DataType.FLOAT:
      if (raw) return { type: 'float', data: readArray(Float32Array, raw, where) };
      return { type: 'float', data: Float32Array.from(tensor.floatData ?? []) };
    case DataType.DOUBLE:
      return {
        type: 'float',
        data: Float32Array.from(raw ? readArray(Float64Array, raw, where) : (tensor.doubleData ?? [])),
      };
    case DataType.FLOAT16:
      return {
        type: 'float',
        data: Float32Array.from(raw ? readArray(Uint16Array, raw, where) : (tensor.int32Data ?? []), halfToFloat),
      };
    case DataType.INT32:
      return { type: 'integer', data: [...(raw ? readArray(Int32Array, raw, where) : (tensor.int32Data ?? []))] };
    case DataType.INT64: {
      const values = raw ? rawLongs(raw, where) : (tensor.int64Data ?? []);
      return { type: 'integer', data: values.map((value) => wholeNumber(value, where)) };
    }
    default:
      throw failure('SW1033', {
        where,
        what: `its element type is number ${tensor.dataType ?? 0}; float, double, float16, int32 and int64 are read.`,
      });
  }
}

function rawLongs(bytes: Uint8Array, where: string): number[] {
  const halves = readArray(Int32Array, bytes, where);
  if (halves.length % 2 !== 0)
    throw failure('SW1034', { where, what: `${bytes.length} B hold no whole int64 values.` });
  return Array.from({ length: halves.length / 2 }, (_, k) => (halves[2 * k]! >>> 0) + halves[2 * k + 1]! * 2 ** 32);
}
