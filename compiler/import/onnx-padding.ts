import { failure } from '../../schemas/diagnostic.js';
import { shapeText } from '../../schemas/layer-shapes.js';
import type { Padding, Pair } from '../../schemas/tensor.js';
import { intOf, intsOf, textOf } from './onnx-attributes.js';
import type { OnnxNode } from './onnx-model.js';

/**
 * The zero padding that `pads` or `auto_pad` ask for, for a map of this size.
 * Throws SW1033 on an unknown auto_pad and on padding that is negative or not four numbers.
 */
export function readPadding(node: OnnxNode, size: Pair, kernel: Pair, stride: Pair): Padding {
  const mode = textOf(node, 'auto_pad', 'NOTSET');
  if (mode === 'VALID') return { top: 0, bottom: 0, left: 0, right: 0 };
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
    const [top, bottom] = samePadding(size[0], kernel[0], stride[0], mode);
    const [left, right] = samePadding(size[1], kernel[1], stride[1], mode);
    return { top, bottom, left, right };
  }
  if (mode !== 'NOTSET') {
    throw failure('SW1033', {
      where: node.where,
      what: `auto_pad "${mode.slice(0, 32)}"; NOTSET, VALID, SAME_UPPER and SAME_LOWER are supported.`,
    });
  }
  const pads = intsOf(node, 'pads') ?? [0, 0, 0, 0];
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  if (pads.length !== 4 || pads.some((extent) => extent < 0)) {
    throw failure('SW1033', {
      where: node.where,
      what: `pads ${shapeText(pads.slice(0, 8))}; [top, left, bottom, right] of at least 0 is supported.`,
    });
  }
  return { top, bottom, left, right };
}

/**
 * Passes where a pooling only drops windows that cross the border: no padding, and no rounding up that would add such a
 * window. Throws SW1033 elsewhere.
 */
export function requireDroppedBorder(node: OnnxNode, size: Pair, window: Pair, stride: Pair): void {
  const { top, bottom, left, right } = readPadding(node, size, window, stride);
  if (top + bottom + left + right > 0) {
    throw failure('SW1033', {
      where: node.where,
      what: `padding [${top}, ${left}, ${bottom}, ${right}] of a pooling; only 0 is supported.`,
    });
  }
  const fits = (axis: 0 | 1) => (size[axis] - window[axis]) % stride[axis] === 0;
  if (intOf(node, 'ceil_mode', 0) !== 0 && !(fits(0) && fits(1))) {
    throw failure('SW1033', {
      where: node.where,
      what: `ceil_mode 1 with windows of ${shapeText(window)} in strides of ${shapeText(stride)}, which do not fit a map of ${shapeText(size)} evenly.`,
    });
  }
}

/** Padding before and after, so that there are ⌈extent/stride⌉ windows; an odd pixel goes after (UPPER) or before. */
function samePadding(extent: number, kernel: number, stride: number, mode: 'SAME_UPPER' | 'SAME_LOWER'): Pair {
  const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + kernel - extent);
  const less = Math.floor(total / 2);
  return mode === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
}
