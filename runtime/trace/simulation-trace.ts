import type { Program } from '../../schemas/program.js';
import type { Observer, PacketObserver, StepMoment } from '../../sim/observer.js';
import type { Probe } from '../../sim/probe.js';
import { bothOf, ProbeRecorder } from '../../sim/probe-recorder.js';
import { PerfettoWriter } from '../../sim/trace/perfetto.js';
import { VcdWriter } from '../../sim/trace/vcd.js';
import { ProbeTables } from './probe-tables.js';
import { discardAll, type PendingFile, StreamFile } from './stream-file.js';

/** Where the traces of a simulation go; undefined: not wanted. */
export interface TracePaths {
  readonly tables: string | undefined;
  readonly vcd: string | undefined;
  readonly perfetto: string | undefined;
}

/** All traces of a simulation together. Call `finish` when it has ended, `discard` when it has failed. */
export class SimulationTrace implements Observer {
  readonly packets: PacketObserver | null;
  readonly #observers: readonly Observer[];
  readonly #files: readonly PendingFile[];

  /** Opens the files. Throws SW6010 to SW6012, as do `step` and `finish`; nothing is left behind then. */
  constructor(program: Program, probes: readonly Probe[], { tables, vcd, perfetto }: TracePaths) {
    const observers: Observer[] = [];
    const files: PendingFile[] = [];
    try {
      if (tables !== undefined) {
        const columns = new ProbeTables(tables);
        files.push(columns);
        observers.push(new ProbeRecorder(program, probes, (name, form) => columns.open(name, form)));
      }
      if (vcd !== undefined) {
        const file = new StreamFile(vcd);
        files.push(file);
        const encoder = new TextEncoder();
        observers.push(new VcdWriter(program, probes, (text) => file.write(encoder.encode(text))));
      }
      if (perfetto !== undefined) {
        const file = new StreamFile(perfetto);
        files.push(file);
        observers.push(new PerfettoWriter(program, probes, (bytes) => file.write(bytes)));
      }
    } catch (error) {
      discardAll(files);
      throw error;
    }
    this.#observers = observers;
    this.#files = files;
    this.packets = observers.reduce<PacketObserver | null>((all, { packets }) => bothOf(all, packets), null);
  }

  step(moment: StepMoment): void {
    for (const observer of this.#observers) observer.step(moment);
  }

  /** Files have their names only when the last of them is whole. */
  finish(): void {
    for (const file of this.#files) file.seal();
    for (const file of this.#files) file.publish();
  }

  discard(): void {
    discardAll(this.#files);
  }
}
