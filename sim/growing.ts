/** A typed array that grows at its end. */
export class Growing<A extends Int16Array | Uint16Array | Int32Array | Float64Array> {
  /** The first `length` values count. */
  values: A;
  length = 0;

  constructor(values: A) {
    this.values = values;
  }

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(1);
    this.values[this.length++] = value;
  }

  /** Makes room for `more` values behind the last. */
  reserve(more: number): void {
    const need = this.length + more;
    if (need <= this.values.length) return;
    const grown = new (this.values.constructor as new (length: number) => A)(Math.max(need, 2 * this.values.length));
    grown.set(this.values);
    this.values = grown;
  }

  /** A copy of what counts. */
  taken(): A {
    return this.values.slice(0, this.length) as A;
  }
}
