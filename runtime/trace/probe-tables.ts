import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { safetensorsHeader } from '../../schemas/safetensors.js';
import type { Column, RowTable } from '../../sim/probe-recorder.js';
import { ColumnFile } from './column-file.js';
import { StreamFile } from './stream-file.js';

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly files: readonly ColumnFile[];
}

/**
 * The recorded probes on disk: PATH.safetensors with an array "probe/column" each, or a folder PATH of
 * probe/column.npy. Rows stream to disk as they come.
 */
export class ProbeTables {
  readonly #path: string;
  readonly #isOneFile: boolean;
  readonly #tables: Table[] = [];

  constructor(path: string) {
    this.#path = path;
    this.#isOneFile = path.endsWith('.safetensors');
  }

  /** Opens a table, as `ProbeRecorder` wants it. Throws SW6010 to SW6012, as do the other methods. */
  open(name: string, columns: readonly Column[]): RowTable {
    const parts = this.#isOneFile ? `${this.#path}.parts` : this.#path;
    const files = columns.map((column) => {
      const path = join(parts, name, `${column.name}.npy`);
      return new ColumnFile(path, column, this.#isOneFile ? 'bare' : 'npy');
    });
    this.#tables.push({ name, columns, files });
    return {
      append(...row) {
        for (const [k, file] of files.entries()) file.append(row[k]!);
      },
    };
  }

  finish(): void {
    for (const { files } of this.#tables) for (const file of files) file.finish();
    if (this.#isOneFile) this.#join();
  }

  /** Leaves nothing behind. */
  discard(): void {
    for (const { files } of this.#tables) for (const file of files) file.discard();
    if (this.#isOneFile) rmSync(`${this.#path}.parts`, { recursive: true, force: true });
  }

  #join(): void {
    const parts = this.#tables.flatMap(({ name, columns, files }) => {
      return files.map((file, k) => ({ name: `${name}/${columns[k]!.name}`, file }));
    });
    const target = new StreamFile(this.#path);
    try {
      const entries = parts.map(({ name, file }) => {
        return [name, { dtype: file.bits === 32 ? ('I32' as const) : ('I64' as const), shape: [file.rows] }] as const;
      });
      target.write(safetensorsHeader(new Map(entries), {}));
      for (const { file } of parts) copyInto(target, file.path);
      target.finish();
    } catch (error) {
      target.discard();
      throw error;
    } finally {
      rmSync(`${this.#path}.parts`, { recursive: true, force: true });
    }
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
