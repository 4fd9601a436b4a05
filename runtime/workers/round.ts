import type { Hand } from './hand.js';
import { Handout } from './handout.js';
import type { Inputs, Progress } from './inputs.js';

/** Inputs in work or waiting to be consumed, per hand. */
const aheadPerHand = 4;

/** A hand and the inputs it has been given, the one at work first. */
interface Place {
  readonly hand: Hand;
  readonly held: number[];
  /** Gets nothing before its task has started: what it were given would wait for that. */
  isStarting: boolean;
}

/** Who is told how a round goes, and finds hands for it. */
interface Overseer {
  started(hand: Hand): void;
  /** An input took it so long; `left` nobody has been given yet. */
  answered(hand: Hand, milliseconds: number, left: number): void;
  /** Another hand in the place of one that has died. */
  replace(dead: Hand): Hand;
}

/**
 * Hands inputs out in order to whoever is free, and while there are enough for all, a next one to the threads at work: one
 * that had to wait for it would do nothing meanwhile. After a failure nothing more is handed out but what a dead thread had;
 * everything before it already was, so waiting for that finds the first failure whatever the threads' speeds.
 */
export class Round<Input, Output> {
  /** Resolves once all outputs are consumed; rejects with the first failure in order, or what `consume` throws. */
  readonly over: Promise<void>;
  readonly #inputs: Inputs<Input>;
  readonly #consume: (output: Output) => void;
  readonly #progress: Progress<Output> | undefined;
  readonly #overseer: Overseer;
  readonly #handout: Handout;
  readonly #places = new Set<Place>();
  /** Outputs that wait for an earlier one. */
  readonly #waiting = new Map<number, Output>();
  #settle!: (failure: Error | null) => void;
  #isSettled = false;

  constructor(
    inputs: Inputs<Input>,
    consume: (output: Output) => void,
    progress: Progress<Output> | undefined,
    overseer: Overseer,
  ) {
    this.#inputs = inputs;
    this.#consume = consume;
    this.#progress = progress;
    this.#overseer = overseer;
    this.#handout = new Handout(inputs.length, 0);
    this.over = new Promise((resolve, reject) => {
      this.#settle = (failure) => (failure === null ? resolve() : reject(failure));
    });
  }

  /** Ends it; nobody is listened to any more. */
  end(failure: Error | null): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const { hand } of this.#places) hand.listener = null;
    this.#settle(failure);
  }

  /** Takes hands in, which get inputs at once. */
  employ(hands: readonly Hand[]): void {
    for (const hand of hands) this.#add(hand, false);
    this.#advance();
  }

  /** Takes hands in that have just begun to start; others go on until they have. */
  expect(hands: readonly Hand[]): void {
    for (const hand of hands) this.#add(hand, true);
  }

  #add(hand: Hand, isStarting: boolean): void {
    const place: Place = { hand, held: [], isStarting };
    this.#places.add(place);
    this.#handout.ahead += aheadPerHand;
    hand.listener = {
      started: () => {
        place.isStarting = false;
        this.#overseer.started(hand);
        this.#advance();
      },
      answered: (index, output, milliseconds) => {
        place.held.shift();
        this.#take(index, output as Output);
        this.#overseer.answered(hand, milliseconds, this.#handout.left);
        this.#advance();
      },
      failed: (index, error) => {
        place.held.shift();
        this.#handout.fail(index, error);
        this.#advance();
      },
      died: (error) => this.#bury(place, error),
    };
  }

  #take(index: number, output: Output): void {
    const handout = this.#handout;
    const waiting = this.#waiting;
    waiting.set(index, output);
    handout.finish();
    try {
      for (; waiting.has(handout.consumed); handout.consumed++) {
        this.#consume(waiting.get(handout.consumed)!);
        waiting.delete(handout.consumed);
      }
      this.#progress?.(handout.done, this.#inputs.length, output);
    } catch (error) {
      this.end(error as Error);
    }
  }

  #advance(): void {
    const handout = this.#handout;
    if (this.#isSettled) return;
    for (const place of this.#places) if (place.held.length === 0) this.#give(place);
    for (const place of this.#places) {
      const isAtWork = place.held.length > 0 && place.held.length < place.hand.room;
      if (isAtWork && handout.left > this.#places.size) this.#give(place);
    }
    if (handout.isOver) this.end(handout.failure?.error ?? null);
  }

  #give(place: Place): void {
    if (place.isStarting) return;
    const handout = this.#handout;
    for (let index = handout.next(); index !== null; index = handout.next()) {
      try {
        const input = this.#inputs.at(index)!;
        const moved = (this.#inputs.moved?.(input) ?? []).map(({ buffer }) => buffer as ArrayBuffer);
        place.hand.give({ index, input }, moved);
        place.held.push(index);
        return;
      } catch (error) {
        handout.fail(index, error as Error);
      }
    }
  }

  #bury(place: Place, error: Error): void {
    place.hand.listener = null;
    this.#places.delete(place);
    this.#handout.ahead -= aheadPerHand;
    // An idle hand is not missed; what another one holds back for is still to come from a hand at work.
    if (place.held.length === 0) return;
    this.#handout.lose(place.held, error);
    this.employ([this.#overseer.replace(place.hand)]);
  }
}
