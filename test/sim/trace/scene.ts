import type { Program } from '../../../schemas/program.js';
import { buildProgram, drive, population, profile, range, readoutProfile } from '../program-builder.js';

/**
 * T = 1; three neurons of "a" on core 0 fire in timestep 0 and send to core 1 (same tile), whose two readout neurons
 * update in timestep 1. Figures of the tiny target in ns: axon 2, synapse 3, update 8 active and 5 inactive, spike out 10,
 * within a tile 4, barrier 1000, host load 7000. So messages are made at 18, 36 and 54 ns of timestep 0, enter the input
 * queue of core 1 4 ns later each, and take 2 + 2·3 = 8 ns there: 22–30, 40–48, 58–66.
 */
export const scene: Program = buildProgram({
  timesteps: 1,
  populations: [population('a', 3, 0), population('out', 2, 1, 'readout')],
  drives: [drive('a', 3)],
  cores: [
    { core: 0, ranges: [range(0, [0, 1, 2])], profiles: [profile(1)], out: [[[0, 1, 0]], [[0, 1, 0]], [[0, 1, 0]]] },
    {
      core: 1,
      ranges: [range(1, [0, 1])],
      profiles: [readoutProfile()],
      axons: [
        {
          entries: [
            {
              format: 0,
              synapses: [
                [0, 1],
                [1, -2],
              ],
            },
          ],
        },
      ],
    },
  ],
});
