// What populations and ranges of compartments consist of, as the host lays them out: `../range-table.ts` names the same words.

/** What a population does in this timestep. */
@unmanaged
export class Window {
  /** Row of parameter tables, and 1 in the window. */
  row: i32;
  inWindow: i32;
  /** Its spikes. */
  spikes: i32;
  unused: i32;
}

/** Compartments of a core that are neurons of one population, or padding between these that stays at rest. Those of a core follow one another. */
@unmanaged
export class Range {
  core: usize;
  window: usize;
  first: i32;
  end: i32;
  spiking: i32;
  /** 1 of the first range of a core; 1 of the last. */
  opens: i32;
  closes: i32;
  /** Currents by compartment, or 0: the sample's drive, and static bias, of which rows follow one another. */
  drive: usize;
  bias: usize;
  biasRowBytes: i32;
  /** Its spikes of this timestep: firstSpike … endSpike − 1 of the core's. */
  firstSpike: i32;
  endSpike: i32;
  /** 1 where the last update found no input and changed nothing, and who was active in it: so will be the next without input. */
  still: i32;
  stillActive: i32;
  /** Bitmaps of who fires in each timestep of a window, where that can be told at its beginning; else 0. And 1 while that is so. */
  ahead: usize;
  isAhead: i32;
  /** Compartments active in each timestep of it. */
  aheadActive: i32;
  unused: i32;
  /** Of a core of a team: which compartments have which pattern. */
  members: usize;
  pastMembers: usize;
  timesteps: i32;
  /** The least current of the drive that is loaded, or 0. */
  driveLeast: i32;
  /** What no membrane's magnitude exceeds; and the most that the drive, a row of the bias, and a reset change one by. */
  reach: f64;
  driveMost: f64;
  biasMost: f64;
  resetMost: f64;
  /** Counted since the counts were last taken. */
  active: f64;
  saturations: f64;
  inputsBeyondMax: f64;
  spikes: f64;
  messages: f64;
  eastWest: f64;
  northSouth: f64;
  crossings: f64;
}

export const RANGE_BYTES: usize = offsetof<Range>();
