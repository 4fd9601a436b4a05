import type { QuantisationRow } from '../../compiler/quantisation-table.js';
import type { Report } from '../../schemas/report.js';
import type { SnnGraph } from '../../schemas/snn.js';
import type { FloatSpikeGraph, IntegerSpikeGraph } from '../../schemas/spike.js';

/** Every neuron layer's threshold as calibrated, as finetuned, and on the chip (at its first timestep and neuron). */
export function thresholdRows(
  calibrated: SnnGraph,
  finetuned: SnnGraph,
  integer: IntegerSpikeGraph,
): Report['thresholds'] {
  const before = new Map(calibrated.layers.map((layer) => [layer.name, layer]));
  const onChip = new Map(integer.populations.map((population) => [population.name, population]));
  return finetuned.layers.flatMap((layer) => {
    if (layer.kind !== 'neuron') return [];
    const old = before.get(layer.name);
    return [
      {
        layer: layer.name,
        calibrated: old?.kind === 'neuron' ? old.threshold : layer.threshold,
        finetuned: layer.threshold,
        integer: onChip.get(layer.name)?.threshold.data[0] ?? 0,
      },
    ];
  });
}

/** What quantisation made of every projection's weights, and of the spikes of the population behind it. */
export function quantisationRows(
  float: FloatSpikeGraph,
  integer: IntegerSpikeGraph,
  table: readonly QuantisationRow[],
): Report['quantisation'] {
  const original = new Map(float.projections.map((projection) => [projection.name, projection]));
  const targets = new Map(integer.populations.map((population) => [population.name, population]));
  return integer.projections.flatMap((projection) => {
    const weights = projection.kernel.data;
    const exact = original.get(projection.name)?.kernel.data;
    const target = targets.get(projection.to);
    if (exact === undefined || target === undefined) return [];
    const { scale, channelFactors, shape } = target;
    const row = table.find(({ population }) => population === projection.to);
    let error = 0;
    let power = 0;
    let weightMax = 0;
    for (let index = 0; index < weights.length; index += 1) {
      const factor = channelFactors?.[index % shape[2]] ?? 1;
      error += (weights[index]! / (scale * factor) - exact[index]!) ** 2;
      power += exact[index]! ** 2;
      weightMax = Math.max(weightMax, Math.abs(weights[index]!));
    }
    return [
      {
        layer: projection.to,
        scale,
        weightMax,
        distinctWeights: new Set(weights).size,
        weightErrorRms: power === 0 ? 0 : Math.sqrt(error / power),
        inputSqnrDecibels: row?.measured?.inputSqnrDecibels ?? null,
        spikeAgreementPercent: row?.measured?.spikeAgreementPercent ?? null,
        saturationPercent: row?.measured?.saturationPercent ?? null,
      },
    ];
  });
}
