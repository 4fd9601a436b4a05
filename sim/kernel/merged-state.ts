// What merged synapses consist of, as the host lays it out: `../merged-memory.ts`, `../pattern-table.ts`, `../receipts.ts`,
// `../bundles.ts`, `../sender-teams.ts`, `../section-sources.ts` and `../row-groups.ts` name the same words.

import { CoreState } from './core-state';

/** Spikes that loops write down, or copy, without asking how many there are: they write so many words beyond. */
export const TOGETHER: usize = 8;

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
  /** Slots of lists all of whose rows act at once. */
  slots: usize;
  pastSlots: usize;
  /** Of those of other lists, planes of `slotBytes` bytes: of this timestep and of as many earlier ones as rows may wait; the plane of this one, and where it lies beyond the first. */
  lateSlots: usize;
  slotBytes: i32;
  planes: i32;
  plane: i32;
  beyond: u32;
  /** Room for the rows that one sheet takes in a timestep; for the spikes of one core, their shifts, and how many there are before each word of a bitmap. */
  rows: usize;
  fired: usize;
  shifts: usize;
  ranks: usize;
  /** Room for an `Active` of every group of a sheet. */
  actives: usize;
  /** 1 where it is asked in every timestep what each core did and received; 2 where also who fired, and how membranes stand. */
  watched: i32;
  /** 1 where spikes may not be counted yet. */
  owes: i32;
  teams: usize;
  pastTeams: usize;
  /** By core, and one more: its first `Receipt`; the next core's is behind its last. */
  receipts: usize;
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
  /** Addresses of the states of all cores whose spikes reach it, and for how many timesteps these act. */
  senders: usize;
  pastSenders: usize;
  lasts: i32;
  /** Timesteps for which earlier spikes still act. */
  due: i32;
  /** 1 where rows have been gathered. */
  isFed: i32;
  /** `RowGroup`s: those that do not wait up to `pastPrompt`, and how many these are. */
  groups: usize;
  pastPrompt: usize;
  pastGroups: usize;
  promptGroups: i32;
}

/** The spikes in one timestep of those who name one list of rows: their shifts (u32) lie from `begin`, where there is room for all and eight more, to `end`. */
@unmanaged
export class Slot {
  begin: usize;
  end: usize;
}

/** A list that names a row of a section: its slot, in the first plane where there are planes, and the row, but for the shift of each spike. */
@unmanaged
export class Source {
  slot: usize;
  row: u32;
}

/** The same the other way round: what a list names in a sheet that acts `wait` timesteps later than it could. */
@unmanaged
export class RowGroup {
  /** As `slotAt` takes it. */
  slot: u32;
  wait: i32;
  /** `Row`s. */
  rows: usize;
  pastRows: usize;
}

/** A row of a section, but for the shift of each spike. */
@unmanaged
export class Row {
  section: usize;
  row: u32;
}

/** A group whose spikes act in this timestep: their shifts. */
@unmanaged
export class Active {
  group: usize;
  begin: usize;
  end: usize;
}

/** Neurons that rows reach together. */
@unmanaged
export class Section {
  /** What the timestep has gathered: rows from `begin` to `end`, each as its offset in a tile of 64. */
  begin: usize;
  end: usize;
  /** `Source`s of rows that do not wait: those of lists all of whose rows act at once up to `pastSingle`. */
  sources: usize;
  pastSingle: usize;
  pastSources: usize;
  /** By vector of 16 neurons (u32): where its sums of the timestep (i32) go, to inputs, or where they wait to be handed over and are zero in between. */
  sums: usize;
  /** Who hears of them, and whose inputs those go to that wait. */
  stretches: usize;
  pastStretches: usize;
  /** Bytes of the rows that active groups bring. */
  brought: u32;
}

/** Neighbouring compartments of a core that name one list. Those of a core cover it, and where the last ends another would begin. */
@unmanaged
export class Bundle {
  /** The compartments before its first, of the word that this is in; and bytes from the first word of a bitmap to that. */
  before: u64;
  word: u32;
  /** That of the list, as `slotAt` takes it. */
  slot: u32;
  /** Shifts are so many times what is listed, and more: places of compartments in a table of words, in a core that is even, or else shifts. */
  shift: u32;
  step: u32;
  /** What all of them send, counted from the core's first pattern; in a core where they all send the same. */
  pattern: u32;
  unused: u32;
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

/** Cores whose compartments send alike, each by rows of its own; `../sender-teams.ts` names the same words. */
@unmanaged
export class Team {
  /** `Squad`s of them. */
  squads: usize;
  pastSquads: usize;
  /** By compartment (u32): the slot of its list, as `slotAt` takes it; and its shift beyond that of the core. */
  slots: usize;
  shifts: usize;
  /** Of a bitmap. */
  bytes: usize;
  /** Room for the addresses of all squads, and for who fires of each in eight compartments. */
  awake: usize;
  masks: usize;
}

/** Up to 64 cores of a team. */
@unmanaged
export class Squad {
  /** Their states (addresses). */
  cores: usize;
  pastCores: usize;
  /** By core, of so many times 16: its bitmap of those that fired, of nobody where there is no core; and what the shifts of its rows have in common. */
  firing: usize;
  vectors: i32;
  shifts: usize;
}

/** What a core receives of one spike. */
@unmanaged
export class Share {
  core: usize;
  messages: u32;
  synapses: u32;
  /** Where the sender counts its messages to this core (u32). */
  sentOn: usize;
}

/** The same, core by core: what one receives of each spike of a pattern, whose count is so many bytes from the first. */
@unmanaged
export class Receipt {
  count: u32;
  messages: u32;
  synapses: u32;
}

export const CORE: usize = offsetof<CoreState>();
export const SHEET: usize = offsetof<Sheet>();
export const SECTION: usize = offsetof<Section>();
export const TILE: usize = offsetof<Tile>();
export const STRETCH: usize = offsetof<Stretch>();
export const SOURCE: usize = offsetof<Source>();
export const ROW_GROUP: usize = offsetof<RowGroup>();
export const ROW: usize = offsetof<Row>();
export const ACTIVE: usize = offsetof<Active>();
export const SLOT: usize = offsetof<Slot>();
export const BUNDLE: usize = offsetof<Bundle>();
export const TEAM: usize = offsetof<Team>();
export const SQUAD: usize = offsetof<Squad>();
export const PATTERN: usize = offsetof<Pattern>();
export const SHARE: usize = offsetof<Share>();
export const RECEIPT: usize = offsetof<Receipt>();

/** A slot by its address; of a list that has one in each plane the address in the first, plus 1, and the plane lies so far `beyond` that. */
export function slotAt(slot: u32, beyond: u32): Slot {
  return changetype<Slot>(<usize>((slot & ~1) + (beyond & (0 - (slot & 1)))));
}
