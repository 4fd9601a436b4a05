import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { safetensorsHeader } from '../../schemas/safetensors.js';
import type { Column, RowTable } from '../../sim/probe-recorder.js';
import { ColumnFile } from './column-file.js';
import { discardAll, type PendingFile, StreamFile, temporaryPath } from './stream-file.js';

/** A column of a table, by the name "table/column". */
interface Part {
  readonly name: string;
  readonly file: ColumnFile;
}

/**
 * The recorded probes on disk: PATH.safetensors with an array "probe/column" each, or a folder PATH of
 * probe/column.npy. Rows stream to disk as they come.
 */
export class ProbeTables implements PendingFile {
  readonly #path: string;
  readonly #isOneFile: boolean;
  /** Where columns are written: of one file, its parts. */
  readonly #folder: string;
  readonly #tables = new Set<string>();
  readonly #parts: Part[] = [];
  #whole: StreamFile | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#isOneFile = path.endsWith('.safetensors');
    this.#folder = this.#isOneFile ? temporaryPath(path) : path;
  }

  /** Opens a table, as `ProbeRecorder` wants it. Throws SW6010 to SW6012, as do the other methods. */
  open(name: string, columns: readonly Column[]): RowTable {
    const table = this.#newName(name);
    const files = columns.map((column) => {
      const path = join(this.#folder, table, `${column.name}.npy`);
      const file = new ColumnFile(path, column, this.#isOneFile ? this.#path : null);
      this.#parts.push({ name: `${table}/${column.name}`, file });
      return file;
    });
    return {
      append(...row) {
        for (const [k, file] of files.entries()) file.append(row[k]!);
      },
    };
  }

  seal(): void {
    for (const { file } of this.#parts) file.seal();
    if (this.#isOneFile) this.#join();
  }

  publish(): void {
    if (this.#whole !== null) this.#whole.publish();
    else for (const { file } of this.#parts) file.publish();
  }

  discard(): void {
    discardAll([...this.#parts.map(({ file }) => file), ...(this.#whole === null ? [] : [this.#whole])]);
  }

  /** Names of layers may become equal in names of tables, also where a file system does not tell capitals apart. */
  #newName(name: string): string {
    let free = name;
    for (let n = 2; this.#tables.has(free.toLowerCase()); n++) free = `${name}.${n}`;
    this.#tables.add(free.toLowerCase());
    return free;
  }

  /** Writes the parts one after another into the file that was wanted. */
  #join(): void {
    for (const { file } of this.#parts) file.publish();
    this.#whole = new StreamFile(this.#path);
    const entries = this.#parts.map(({ name, file }) => {
      return [name, { dtype: file.bits === 32 ? ('I32' as const) : ('I64' as const), shape: [file.rows] }] as const;
    });
    this.#whole.write(safetensorsHeader(new Map(entries), {}));
    for (const { file } of this.#parts) copyInto(this.#whole, file.path);
    this.#whole.seal();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function copyInto(target: StreamFile, path: string): void {
  const buffer = new Uint8Array(1 << 20);
  const handle = openSync(path, 'r');
  try {
    for (;;) {
      const count = readSync(handle, buffer);
      if (count === 0) return;
      target.write(buffer.subarray(0, count));
    }
  } finally {
    closeSync(handle);
  }
}
