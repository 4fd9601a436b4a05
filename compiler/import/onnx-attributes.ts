import { failure } from '../../schemas/diagnostic.js';
import type { onnx } from '../../schemas/generated/messages.js';
import { nearestWord } from '../../schemas/nearest-word.js';
import type { Pair } from '../../schemas/tensor.js';
import type { OnnxNode } from './onnx-model.js';
import { wholeNumber } from './onnx-tensor.js';

/** Throws SW1033 on an attribute that is not among `known`: what it asks for would be ignored in silence. */
export function requireKnownAttributes(node: OnnxNode, known: readonly string[]): void {
  for (const name of node.attributes.keys()) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    throw failure('SW1033', {
      where: node.where,
      what: `attribute "${name}" is not supported.`,
      ...(near !== null && { fix: `Did you mean "${near}"?` }),
    });
  }
}

/** A whole-number attribute, or `fallback` where the node has none. */
export function intOf(node: OnnxNode, name: string, fallback: number): number {
  const attribute = find(node, name);
  return attribute === null ? fallback : wholeNumber(attribute.i, `${node.where}, attribute ${name}`);
}

/** A float attribute, or `fallback` where the node has none. */
export function floatOf(node: OnnxNode, name: string, fallback: number): number {
  return find(node, name)?.f ?? fallback;
}

/** A text attribute, or `fallback` where the node has none. */
export function textOf(node: OnnxNode, name: string, fallback: string): string {
  const attribute = find(node, name);
  return attribute === null ? fallback : new TextDecoder().decode(attribute.s ?? new Uint8Array());
}

/** A list of whole numbers, or null where the node has none. */
export function intsOf(node: OnnxNode, name: string): readonly number[] | null {
  const attribute = find(node, name);
  if (attribute === null) return null;
  return (attribute.ints ?? []).map((value) => wholeNumber(value, `${node.where}, attribute ${name}`));
}

/** A list of two whole numbers, or `fallback` where the node has none. Throws SW1033 on another length. */
export function pairOf(node: OnnxNode, name: string, fallback: Pair): Pair {
  const values = intsOf(node, name);
  if (values === null) return fallback;
  const [height, width] = values;
  if (values.length !== 2 || height === undefined || width === undefined) {
    throw failure('SW1033', {
      where: node.where,
      what: `${name} [${values.join(', ')}]; two-dimensional maps need 2 values.`,
    });
  }
  return [height, width];
}

/** Throws SW1033 unless the attribute is absent or has this value, the only one supported. */
export function requireInt(node: OnnxNode, name: string, supported: number): void {
  const value = intOf(node, name, supported);
  if (value !== supported) {
    throw failure('SW1033', { where: node.where, what: `${name} ${value}; only ${supported} is supported.` });
  }
}

function find(node: OnnxNode, name: string): onnx.AttributeProto.$Properties | null {
  return node.attributes.get(name) ?? null;
}
