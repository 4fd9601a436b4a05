import type { AnnGraph, AnnLayer } from '../schemas/ann.js';
import type { Reset, SnnGraph, SnnLayer } from '../schemas/snn.js';

/** What the spiking neurons of a converted network are like. */
export interface ConversionOptions {
  /** Timesteps per sample, ≥ 1. */
  readonly timesteps: number;
  /** λ in (0, 1]; 1 is an IF neuron. */
  readonly leak: number;
  readonly reset: Reset;
}

/** The threshold of a neuron layer before calibration. */
export const UNCALIBRATED_THRESHOLD = 1;

/**
 * The SNN with the ANN's weights, norm affines and branch scales (method: conversion, step 1).
 *
 * Before: any ANN. After: every activation is a neuron layer of the same name with threshold UNCALIBRATED_THRESHOLD, every
 * norm has its running statistics reset to mean 0 and variance 1 (those of the ANN's real-valued activations say nothing
 * about spike counts), and all else is as it was. Right because a neuron's mean firing rate over time is its input
 * through a ReLU, clipped and quantised; the scale is what calibration and finetuning find.
 */
export function convert(graph: AnnGraph, options: ConversionOptions): SnnGraph {
  return {
    kind: 'snn',
    name: graph.name,
    timesteps: options.timesteps,
    layers: graph.layers.map((layer) => convertLayer(layer, options)),
  };
}

function convertLayer(layer: AnnLayer, { leak, reset }: ConversionOptions): SnnLayer {
  switch (layer.kind) {
    case 'activation':
      return {
        kind: 'neuron',
        name: layer.name,
        inputs: layer.inputs,
        leak,
        reset,
        threshold: UNCALIBRATED_THRESHOLD,
      };
    case 'batchNorm':
      return {
        ...layer,
        mean: new Float32Array(layer.mean.length),
        variance: new Float32Array(layer.variance.length).fill(1),
      };
    default:
      return layer;
  }
}

/** The SNN with the thresholds that `thresholds` names by neuron layer. */
export function withThresholds(graph: SnnGraph, thresholds: ReadonlyMap<string, number>): SnnGraph {
  const layers = graph.layers.map((layer): SnnLayer => {
    const threshold = thresholds.get(layer.name);
    return layer.kind === 'neuron' && threshold !== undefined ? { ...layer, threshold } : layer;
  });
  return { ...graph, layers };
}
