import $protobuf from 'protobufjs/minimal.js';

/** The bytes of a file, part after part. */
export type FileParts = readonly Uint8Array[];

/** Byte fields from this length on stay where they are; shorter ones are copied. */
const KEPT_MIN = 4096;

/**
 * A protobuf writer that keeps large byte fields where they are: what it wrote is a sequence of parts, theirs among them,
 * so that a network of hundreds of MB is not copied to be hashed or written to disk. The fields must not change before.
 */
export class PartsWriter extends $protobuf.Writer {
  /** Fields that stay outside, and before which byte of what was written each belongs; ascending. */
  readonly #kept: { at: number; readonly bytes: Uint8Array }[] = [];
  #keptBytes = 0;
  /** Of each message begun and not yet ended: bytes kept before it. */
  readonly #forks: number[] = [];

  override bytes(value: Uint8Array | string): this {
    if (typeof value === 'string' || value.length < KEPT_MIN) {
      super.bytes(value);
      return this;
    }
    this.uint32(value.length);
    this.#kept.push({ at: this.pos, bytes: value });
    this.#keptBytes += value.length;
    return this;
  }

  override fork(): this {
    this.#forks.push(this.#keptBytes);
    super.fork();
    return this;
  }

  override ldelim(): this {
    const kept = this.#keptBytes - (this.#forks.pop() ?? 0);
    if (kept === 0) {
      super.ldelim();
      return this;
    }
    // The message's own bytes once more, behind a length that counts the kept ones too.
    const end = this.pos;
    this.reset();
    const start = this.pos;
    const inner = this.buf.slice(start + 1, end);
    this.uint32(inner.length + kept);
    const shift = this.pos - (start + 1);
    for (let k = this.#kept.length - 1; k >= 0 && this.#kept[k]!.at > start; k -= 1) this.#kept[k]!.at += shift;
    this.raw(inner);
    return this;
  }

  /** All that was written. */
  parts(): FileParts {
    const written = this.finish(true);
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#kept) {
      parts.push(written.subarray(from, at), bytes);
      from = at;
    }
    parts.push(written.subarray(from));
    return parts;
  }
}

/** The parts as one array. */
export function joinParts(parts: FileParts): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
