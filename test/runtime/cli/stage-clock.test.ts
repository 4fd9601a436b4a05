import { expect, it } from 'vitest';
import { StageClock } from '../../../runtime/cli/stage-clock.js';

it('times a stage from its beginning where the samples are known, else between its reports', () => {
  let now = 1000;
  const clock = new StageClock(() => now);
  clock.begin('attack');
  now = 3000;
  clock.report('attack', 640);
  now = 5000;
  clock.report('attack', 1000);
  expect(clock.speed('attack', 100)).toEqual({ samples: 100, seconds: 4, samplesPerSecond: 25 });
  expect(clock.speed('attack')).toEqual({ samples: 360, seconds: 2, samplesPerSecond: 180 });
});

it('knows no speed of a stage that did nothing, took no time, or is not there', () => {
  const clock = new StageClock(() => 7);
  clock.begin('train');
  expect(clock.speed('train')).toBeNull();
  clock.report('train', 64);
  expect(clock.speed('train')).toBeNull();
  expect(clock.speed('train', 64)).toBeNull();
  expect(clock.speed('attack')).toBeNull();
});
