import { normal, poisson, uniform } from './draws.js';
import type { Corruption } from './picture.js';
import { clipped, filled } from './picture.js';

/** Normal noise of a deviation. */
export const gaussianNoise: Corruption = (picture, severity, random) => {
  const deviation = [0.04, 0.06, 0.08, 0.09, 0.1][severity]!;
  return clipped(filled(picture, (k) => picture.data[k]! + deviation * normal(random)));
};

/** Photons counted: the fewer, the noisier. */
export const shotNoise: Corruption = (picture, severity, random) => {
  const photons = [500, 250, 100, 75, 50][severity]!;
  return clipped(filled(picture, (k) => poisson(random, picture.data[k]! * photons) / photons));
};

/** A share of the values turned black or white, as many of each. */
export const impulseNoise: Corruption = (picture, severity, random) => {
  const share = [0.01, 0.02, 0.03, 0.05, 0.07][severity]!;
  return filled(picture, (k) => {
    const isHit = uniform(random, 0, 1) < share;
    const salt = uniform(random, 0, 1) < 0.5 ? 1 : 0;
    return isHit ? salt : picture.data[k]!;
  });
};
