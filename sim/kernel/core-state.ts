/**
 * One core in the machine's memory: where its tables lie (byte addresses), what they hold, and what its last step did.
 * `../core-state.ts` names the same words in the same order.
 */
@unmanaged
export class CoreState {
  /** Messages received since the last accumulation: inlet numbers (u32), up to the address in `inboxEnd`. */
  inbox: usize;
  inboxEnd: usize;
  /** By inlet: an `Inlet`. */
  inlets: usize;
  /** By inlet: messages received in this sample (u32); 0 where nobody asks. */
  deliveries: usize;
  /** Longest delay of a synapse in timesteps. Above 1, rows wait in a ring of that many slots for their timestep. */
  delays: i32;
  /** The slot whose rows act in the next update. */
  slot: i32;
  /** Slots of `slotBytes` bytes: addresses of rows (of their weights in a uniform core), up to those in `slotEnds`. */
  ring: usize;
  slotBytes: i32;
  slotEnds: usize;
  /** 16-bit sums of narrow weights, [lanes + 16]; 0 in a core of wide weights. */
  sums: usize;
  /** 32-bit sums for the next update, in units of `unit`, [lanes + 16]. */
  inputs: usize;
  /** Compartments, rounded up to a multiple of 8. */
  lanes: i32;
  /** Messages whose narrow weights cannot overflow 16 bits. */
  messagesPerFlush: i32;
  /** Where every row is one segment and all reach the same compartments: its vectors and its first compartment. */
  uniformVectors: i32;
  uniformTarget: i32;
  /** Membrane units per unit of `inputs`. */
  unit: i32;
  membranes: usize;
  /** Profile of each compartment (u8). */
  profileOf: usize;
  /** 1 where some membrane decays. */
  decays: i32;
  membraneMax: i32;
  inputMax: i32;
  /** By compartment a bit (bitmap.ts): it fired in this timestep; it was active; it fired in its window. */
  firing: usize;
  activity: usize;
  fired: usize;
  /** Compartments that fired in this timestep, and the active ones up to and including each of them: where anybody watches. */
  spiked: usize;
  activeUpTo: usize;
  spikes: i32;
  active: i32;
  /** Of the last range updated. */
  saturations: i32;
  inputsBeyondMax: i32;
  /** By compartment, and one more: a `Fan`. By outlet: an `Outlet`, 0 where there is none; and its route (i32). */
  fans: usize;
  outlets: usize;
  routeOf: usize;
  /** By route: messages sent since this was last cleared (u32); 0: nobody asks. */
  sentOn: usize;
  /** Messages of the last accumulation, and the rows that it added. */
  received: i32;
  rows: i32;
  /** Of the last range of spikes sent, those to merged synapses left out. */
  messagesSent: i32;
  sentEastWest: i32;
  sentNorthSouth: i32;
  sentAcrossChips: i32;
  /** 0 while every membrane and input is zero and stays so: an update would change and fire nothing. */
  awake: i32;
  /** 1 where an update may change something though all are zero. */
  restless: i32;
  /** Rows of parameters by local timestep; a row has by profile: fires above, reset by, keeps in 1/4096, all ones where the reset is hard. */
  profileTable: usize;
  profileRowBytes: i32;
  /**
   * What its spikes send to merged synapses: `Bundle`s, nothing where there are none; and by compartment (u32) the shift of its rows beyond
   * the core's first, and its pattern, counted from the core's first. Cores share what is equal.
   */
  bundles: usize;
  pastBundles: usize;
  /** Or, where few neighbours have a list in common, by compartment (u32) the slot of its list, as `slotAt` takes it; else 0. */
  slots: usize;
  /** 1 where shifts grow evenly in each bundle; 1 where all compartments of each have one pattern. */
  isEven: i32;
  isUniform: i32;
  shifts: usize;
  patterns: usize;
  firstShift: u32;
  firstPattern: u32;
  /** 1 where a team hands its spikes over. */
  inTeam: i32;
  /** 1 while the patterns of its spikes have been counted for all of its window. */
  isCounted: i32;
  /** 1 where `inputs` may hold anything but zeros. */
  fed: i32;
  /** 1 where membranes have been changed since the last update. */
  disturbed: i32;
  /** Rows added to any one compartment since the last update, those of single messages and those of merged synapses. */
  rowsAdded: i32;
  rowsMerged: i32;
  /** The largest magnitude of a membrane of the blocks updated last, before any reset. */
  reach: i32;
  /** Synapses processed by the last accumulation. */
  synapticOperations: f64;
  /** Messages and synapses of all accumulations since they were last taken. */
  receivedInAll: f64;
  synapticOperationsInAll: f64;
  /** The most that one row adds to a compartment, in membrane units. */
  heaviest: f64;
}

/** What a spike of one compartment sends by its outlets, and the links on the way of all. */
@unmanaged
export class Fan {
  /** Address of its first `Outlet`; the next compartment's is behind its last. */
  outlets: usize;
  eastWest: i32;
  northSouth: i32;
  crossings: i32;
}

/** Bytes of a `Fan`, as a power of two. */
export const FAN_SHIFT: usize = 4;
