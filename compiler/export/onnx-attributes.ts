import { onnx } from '../../schemas/generated/messages.js';

/** A whole-number attribute of an ONNX node. */
export function intAttribute(name: string, value: number): onnx.AttributeProto.$Properties {
  return { name, i: value, type: onnx.AttributeProto.Type.INT };
}

/** A list of whole numbers as an attribute of an ONNX node. */
export function intsAttribute(name: string, values: readonly number[]): onnx.AttributeProto.$Properties {
  return { name, ints: [...values], type: onnx.AttributeProto.Type.INTS };
}

/** A float32 attribute of an ONNX node. */
export function floatAttribute(name: string, value: number): onnx.AttributeProto.$Properties {
  return { name, f: value, type: onnx.AttributeProto.Type.FLOAT };
}
