import { failure } from '../../schemas/diagnostic.js';

/** A class or function that a pickle names; nothing is imported or called. */
export class PickledGlobal {
  constructor(readonly name: string) {}
}

/** A list or a tuple. */
export class PickledList {
  constructor(readonly items: PickledValue[]) {}
}

export class PickledDict {
  readonly entries = new Map<string, PickledValue>();
}

/** What a call of one of the permitted functions stands for, left to the reader of the pickle. */
export class PickledCall {
  constructor(
    readonly name: string,
    readonly args: readonly PickledValue[],
  ) {}
}

/** What is kept outside the pickle, by the tuple that names it. */
export class PickledReference {
  constructor(readonly id: readonly PickledValue[]) {}
}

export type PickledValue =
  | null
  | boolean
  | number
  | string
  | PickledGlobal
  | PickledList
  | PickledDict
  | PickledCall
  | PickledReference;

/** Marks the beginning of what an opcode gathers. */
const mark = Symbol('mark');
type StackItem = PickledValue | typeof mark;

/**
 * Reads a pickle (protocols 2 to 5) of plain data and calls of `permitted` functions ("module name"), which are recorded
 * and not made. Every other opcode or global is refused, so that nothing of the file can run. Time and memory are
 * proportional to the bytes. Throws SW1011.
 */
export function readPickle(bytes: Uint8Array, permitted: ReadonlySet<string>, where: string): PickledValue {
  return new PickleReader(bytes, permitted, where).read();
}

class PickleReader {
  private readonly view: DataView;
  private readonly stack: StackItem[] = [];
  private readonly memo = new Map<number, PickledValue>();
  private position = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly permitted: ReadonlySet<string>,
    private readonly where: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): PickledValue {
    for (;;) {
      const opcode = this.view.getUint8(this.skip(1));
      if (opcode === 0x2e) return this.pop();
      this.execute(opcode);
    }
  }

  /** Opcodes and their meanings: Python's Lib/pickletools.py. */
  private execute(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        this.skip(1);
        return;
      case 0x95: // FRAME
        this.skip(8);
        return;
      case 0x28: // MARK
        this.stack.push(mark);
        return;
      case 0x4e: // NONE
        this.stack.push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.stack.push(opcode === 0x88);
        return;
      case 0x4b: // BININT1
        this.stack.push(this.view.getUint8(this.skip(1)));
        return;
      case 0x4d: // BININT2
        this.stack.push(this.view.getUint16(this.skip(2), true));
        return;
      case 0x4a: // BININT
        this.stack.push(this.view.getInt32(this.skip(4), true));
        return;
      case 0x8a: // LONG1
        this.stack.push(this.long(this.view.getUint8(this.skip(1))));
        return;
      case 0x47: // BINFLOAT
        this.stack.push(this.view.getFloat64(this.skip(8), false));
        return;
      case 0x58: // BINUNICODE
        this.stack.push(this.text(this.view.getUint32(this.skip(4), true)));
        return;
      case 0x8c: // SHORT_BINUNICODE
        this.stack.push(this.text(this.view.getUint8(this.skip(1))));
        return;
      default:
        this.executeOnStack(opcode);
    }
  }

  private executeOnStack(opcode: number): void {
    switch (opcode) {
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        this.stack.push(new PickledList([]));
        return;
      case 0x7d: // EMPTY_DICT
        this.stack.push(new PickledDict());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.stack.push(new PickledList(Array.from({ length: opcode - 0x84 }, () => this.pop()).reverse()));
        return;
      case 0x74: // TUPLE
        this.stack.push(new PickledList(this.popToMark()));
        return;
      case 0x61: // APPEND
        this.append([this.pop()]);
        return;
      case 0x65: // APPENDS
        this.append(this.popToMark());
        return;
      case 0x73: // SETITEM
        this.setItems([this.pop(), this.pop()].reverse());
        return;
      case 0x75: // SETITEMS
        this.setItems(this.popToMark());
        return;
      case 0x71: // BINPUT
        this.memo.set(this.view.getUint8(this.skip(1)), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.view.getUint32(this.skip(4), true), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68: // BINGET
        this.recall(this.view.getUint8(this.skip(1)));
        return;
      case 0x6a: // LONG_BINGET
        this.recall(this.view.getUint32(this.skip(4), true));
        return;
      case 0x63: // GLOBAL
        this.pushGlobal(this.line(), this.line());
        return;
      case 0x93: {
        // STACK_GLOBAL
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== 'string' || typeof module !== 'string') throw this.broken('a global has no name');
        this.pushGlobal(module, name);
        return;
      }
      case 0x51: // BINPERSID
        this.stack.push(new PickledReference(this.popList().items));
        return;
      case 0x52: // REDUCE
        this.call();
        return;
      case 0x62: // BUILD: attributes of a dictionary, such as a state dict's version numbers
        this.pop();
        if (!(this.top() instanceof PickledDict)) throw this.broken('it sets attributes of what is no dictionary');
        return;
      default:
        throw this.broken(`opcode 0x${opcode.toString(16).padStart(2, '0')} is refused`);
    }
  }

  private pushGlobal(module: string, name: string): void {
    const full = `${module} ${name}`;
    if (!this.permitted.has(full)) throw this.broken(`it names ${JSON.stringify(full)}, which is refused`);
    this.stack.push(new PickledGlobal(full));
  }

  private call(): void {
    const { items } = this.popList();
    const called = this.pop();
    if (!(called instanceof PickledGlobal)) throw this.broken('it calls what is no function');
    if (called.name !== 'collections OrderedDict') {
      this.stack.push(new PickledCall(called.name, items));
      return;
    }
    if (items.length > 0) throw this.broken('an OrderedDict is made with entries at once');
    this.stack.push(new PickledDict());
  }

  private append(items: readonly PickledValue[]): void {
    const list = this.top();
    if (!(list instanceof PickledList)) throw this.broken('it appends to what is no list');
    for (const item of items) list.items.push(item);
  }

  private setItems(items: readonly PickledValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickledDict)) throw this.broken('it sets entries of what is no dictionary');
    for (let k = 0; k + 1 < items.length; k += 2) {
      const key = items[k];
      if (typeof key !== 'string' && typeof key !== 'number') throw this.broken('a dictionary’s key is no text');
      dict.entries.set(String(key), items[k + 1]!);
    }
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.broken(`it recalls number ${index}, which was not kept`);
    this.stack.push(value);
  }

  private top(): PickledValue {
    const item = this.stack.at(-1);
    if (item === undefined || item === mark) throw this.broken('a value is missing');
    return item;
  }

  private pop(): PickledValue {
    const item = this.top();
    this.stack.pop();
    return item;
  }

  private popList(): PickledList {
    const list = this.pop();
    if (!(list instanceof PickledList)) throw this.broken('a tuple is missing');
    return list;
  }

  private popToMark(): PickledValue[] {
    const start = this.stack.lastIndexOf(mark);
    if (start === -1) throw this.broken('a mark is missing');
    const items = this.stack.splice(start + 1) as PickledValue[];
    this.stack.pop();
    return items;
  }

  /** Moves past `count` bytes and returns where they begin. */
  private skip(count: number): number {
    const start = this.position;
    if (start + count > this.bytes.length) throw this.broken('it is cut short');
    this.position += count;
    return start;
  }

  private text(length: number): string {
    const start = this.skip(length);
    return new TextDecoder().decode(this.bytes.subarray(start, start + length));
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end === -1) throw this.broken('it is cut short');
    const text = this.text(end - this.position);
    this.skip(1);
    return text;
  }

  /** A little-endian two's-complement integer of up to 8 bytes. */
  private long(length: number): number {
    if (length > 8) throw this.broken(`an integer of ${length} B is refused`);
    const start = this.skip(length);
    let value = 0n;
    for (let k = length - 1; k >= 0; k -= 1) value = (value << 8n) | BigInt(this.bytes[start + k]!);
    return Number(BigInt.asIntN(Math.max(1, 8 * length), value));
  }

  private broken(what: string) {
    return failure('SW1011', { where: `${this.where}, byte ${this.position}`, what: `${what}.` });
  }
}
