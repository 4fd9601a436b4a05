import { failure } from '../../schemas/diagnostic.js';
import type { RunConfig } from '../../schemas/run.js';
import type { SweepSpace } from '../../schemas/sweep.js';

/** More points than that are taken for a slip. */
const POINTS_MAX = 10_000;

/**
 * The run of every point: each value of the space with each other. What earlier stages need changes slowest, so that
 * points that share stages follow one another. All write into the folder `out`. Throws SW6002 on too many points.
 */
export function pointConfigs(run: RunConfig, space: SweepSpace, out: string): RunConfig[] {
  const axes = {
    timesteps: space.timesteps ?? [run.timesteps],
    thresholdScales: space.thresholdScales ?? [run.convert.scale],
    targets: space.targets ?? [run.compile.target],
    weightBits: space.weightBits ?? [run.compile.weightBits],
    placementSeeds: space.placementSeeds ?? [run.compile.placementSeed],
  };
  const count = Object.values(axes).reduce((product, { length }) => product * length, 1);
  if (count > POINTS_MAX) {
    throw failure('SW6002', { where: 'sweep space', what: `it has ${count} points; at most ${POINTS_MAX} are swept.` });
  }
  return axes.timesteps.flatMap((timesteps) =>
    axes.thresholdScales.flatMap((scale) =>
      axes.targets.flatMap((target) =>
        axes.weightBits.flatMap((weightBits) =>
          axes.placementSeeds.map((placementSeed) => ({
            ...run,
            out,
            timesteps,
            convert: { ...run.convert, scale },
            compile: { ...run.compile, target, weightBits, placementSeed },
          })),
        ),
      ),
    ),
  );
}
