// What merged synapses consist of, as the host lays it out: `../merged-memory.ts`, `../pattern-table.ts` and `../push-table.ts` name
// the same words.

import { CoreState } from './core-state';

/** All merged synapses of a machine; `../merged-memory.ts` names the same words. */
@unmanaged
export class Network {
  /** States of all cores. */
  cores: usize;
  pastCores: usize;
  sheets: usize;
  pastSheets: usize;
  /** By number: a `Pattern`; and spikes not counted yet (u32), a multiple of four numbers. */
  patterns: usize;
  counts: usize;
  pastCounts: usize;
  /** Slots of `slotBytes` bytes: delayed pushes and their shifts, up to the addresses in `slotEnds`; no slots where none are delayed. */
  slots: i32;
  slot: i32;
  ring: usize;
  slotBytes: i32;
  slotEnds: usize;
  /** Room for the lists, and one more, and the shifts of the spikes of one core (u32 each). */
  lists: usize;
  shifts: usize;
  /** 1 where it is asked in every timestep what each core did and received; 2 where also who fired, and how membranes stand. */
  watched: i32;
  /** 1 where spikes may not be counted yet. */
  owes: i32;
  /** A section of no neurons. */
  nowhere: usize;
  unused: i32;
  teams: usize;
  pastTeams: usize;
}

/** One population's: sections, and tiles of their weights. */
@unmanaged
export class Sheet {
  sections: usize;
  pastSections: usize;
  tiles: usize;
  pastTiles: usize;
  /** Rows whose weights cannot overflow 16 bits. */
  rowsPerFlush: i32;
  unused: i32;
}

/** Neurons that rows reach together. */
@unmanaged
export class Section {
  /** The rows of this timestep lie from `begin` to `end`, each as its offset in a tile of 64. */
  end: usize;
  begin: usize;
  /** By vector of 16 neurons (u32): where its sums of the timestep (i32) go, to inputs, or where they wait to be handed over and are zero in between. */
  sums: usize;
  /** Who hears of them, and whose inputs those go to that wait. */
  stretches: usize;
  pastStretches: usize;
  unused: i32;
}

/** The weights of up to 64 neighbouring neurons of a section, or, where rows are too many for a cache, of all, row by row. */
@unmanaged
export class Tile {
  weights: usize;
  /** Vectors of 16 weights. */
  vectors: i32;
  /** Bytes from the first of a section's `sums` to that of the tile's first vector. */
  offset: i32;
  /** Of a tile of all neurons: where in a tile of 64 a row of zeros would be; else 0. */
  blank: u32;
}

/** Neighbouring neurons of a section that are neighbouring compartments of a core. */
@unmanaged
export class Stretch {
  /** The input (i32) of the first of them. */
  inputs: usize;
  /** Their sums, and how many wait there. */
  sums: usize;
  length: i32;
  core: usize;
}

/** A row of a section, but for the shift of the compartment. */
@unmanaged
export class Push {
  section: usize;
  row: u32;
}

/** Pushes that act `wait` timesteps later than others. */
@unmanaged
export class DelayedPushes {
  wait: i32;
  pushes: usize;
  pastPushes: usize;
  unused: i32;
}

/** What the spikes of some compartments of a core, all of one population, send. */
@unmanaged
export class Pattern {
  shares: usize;
  pastShares: usize;
  /** Of one spike, and the links on the way of all. */
  messages: i32;
  eastWest: i32;
  northSouth: i32;
  crossings: i32;
  /** Where what the core sends for the population is summed: a `Sent`. */
  sent: usize;
  unused: i32;
}

/** Messages, and the links on the way of all. */
@unmanaged
export class Sent {
  messages: f64;
  eastWest: f64;
  northSouth: f64;
  crossings: f64;
}

/** The rows of some compartments, but for the shift of each: pushes follow, up to `pastPushes`. */
@unmanaged
export class PushList {
  pastPushes: usize;
  delayed: usize;
  pastDelayed: usize;
  unused: i32;
}

/** Cores, up to 32, whose compartments push the same lists; `../sender-teams.ts` names the same words. */
@unmanaged
export class Team {
  /** Their states (addresses). */
  cores: usize;
  pastCores: usize;
  /** By core, of 32: its bitmap of those that fired, of nobody where there is no core; and what the shifts of its rows have in common. */
  firing: usize;
  shifts: usize;
  /** By compartment: its list, and its shift beyond that of the core. */
  lists: usize;
  shiftOf: usize;
  /** Of a bitmap. */
  bytes: usize;
  unused: i32;
}

/** What a core receives of one spike. */
@unmanaged
export class Share {
  core: usize;
  messages: u32;
  /** Where the sender counts its messages to this core (u32). */
  sentOn: usize;
  unused: i32;
  synapses: f64;
}

export const CORE: usize = offsetof<CoreState>();
export const SHEET: usize = offsetof<Sheet>();
export const SECTION: usize = offsetof<Section>();
export const TILE: usize = offsetof<Tile>();
export const STRETCH: usize = offsetof<Stretch>();
export const PUSH: usize = offsetof<Push>();
export const PUSH_LIST: usize = offsetof<PushList>();
export const TEAM: usize = offsetof<Team>();
export const DELAYED: usize = offsetof<DelayedPushes>();
export const PATTERN: usize = offsetof<Pattern>();
export const SHARE: usize = offsetof<Share>();
