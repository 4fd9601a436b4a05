/** Numbers 0, 1, 2, … by a hash of what each stands for, in typed arrays. */
export class HashTable {
  /** By place: the number + 1, or 0; and its hash. */
  #numbers = new Int32Array(1 << 10);
  #hashes = new Int32Array(1 << 10);
  #size = 0;

  /** The number with this hash of which `is` is true; −1 without one. */
  find(hash: number, is: (number: number) => boolean): number {
    const mask = this.#numbers.length - 1;
    for (let place = placeOf(hash, mask); this.#numbers[place] !== 0; place = (place + 1) & mask) {
      if (this.#hashes[place] === hash && is(this.#numbers[place]! - 1)) return this.#numbers[place]! - 1;
    }
    return -1;
  }

  /** `hash` is a 32-bit integer. */
  add(hash: number, number: number): void {
    if (2 * this.#size >= this.#numbers.length) this.#grow();
    this.#put(hash, number);
    this.#size++;
  }

  #put(hash: number, number: number): void {
    const mask = this.#numbers.length - 1;
    let place = placeOf(hash, mask);
    while (this.#numbers[place] !== 0) place = (place + 1) & mask;
    this.#numbers[place] = number + 1;
    this.#hashes[place] = hash;
  }

  #grow(): void {
    const numbers = this.#numbers;
    const hashes = this.#hashes;
    this.#numbers = new Int32Array(4 * numbers.length);
    this.#hashes = new Int32Array(4 * numbers.length);
    for (let place = 0; place < numbers.length; place++) {
      if (numbers[place] !== 0) this.#put(hashes[place]!, numbers[place]! - 1);
    }
  }
}

/** Where to look first: low bits of hashes are often alike. */
function placeOf(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
