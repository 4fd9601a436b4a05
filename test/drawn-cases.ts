import fc from 'fast-check';

// Property tests draw the same cases in every run, so that a failure is always the change's own and never the draw's. A
// number draws others; "random" draws new ones each time, and a failure then tells its seed.
const chosen = process.env.SPIKEWRIGHT_TEST_SEED ?? '1';
if (chosen !== 'random') fc.configureGlobal({ seed: Number(chosen) });
