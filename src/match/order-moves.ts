/*
 * Values that only one user can have pass from hand to hand: whoever gets one waits until its owner has let go of it.
 * That makes chains, which are sent wave by wave from their end, and rings (two people exchange a value), in which
 * nobody can be first. One person of a ring steps aside: a temporary value in the first wave, the right one as soon
 * as it is free. A chain that would take too many waves is cut in the same way.
 */

/** A change that waits for others, or that others wait for. */
export interface Move {
  /** The changes that have to let go first. */
  readonly waitsFor: readonly number[];
  /** The wave in which it is sent at the earliest. */
  readonly wave: number;
  readonly mayStepAside: boolean;
  /** True for a change that is not sent at all: whoever waits for it waits in vain. */
  readonly isStuck: boolean;
}

export interface Place {
  readonly wave: number;
  /** Whether it begins with a temporary value, in the first wave. */
  readonly stepsAside: boolean;
  /** `ring`: nobody of a ring, or of too long a chain, can step aside. `waits`: it waits for what never happens. */
  readonly trouble: 'ring' | 'waits' | null;
}

/** Each wave begins only when the one before it has ended, so that a chain of thousands would take days. */
export const wavesMax = 10;

/** Gives every move its place. @param moves by number, in the order of the plan */
export function orderMoves(moves: ReadonlyMap<number, Move>): ReadonlyMap<number, Place> {
  const ordering = new Ordering(moves);
  for (const id of moves.keys()) ordering.placeWithAll(id);
  return ordering.places();
}

class Ordering {
  readonly #moves: ReadonlyMap<number, Move>;
  readonly #waiters = new Map<number, number[]>();
  /** How many owners have not let go yet. */
  readonly #owners = new Map<number, number>();
  readonly #waves = new Map<number, number>();
  readonly #aside = new Set<number>();
  readonly #troubles = new Map<number, NonNullable<Place['trouble']>>();
  readonly #ready: number[] = [];

  constructor(moves: ReadonlyMap<number, Move>) {
    this.#moves = moves;
    for (const [id, { waitsFor }] of moves) {
      this.#owners.set(id, waitsFor.length);
      if (waitsFor.length === 0) this.#ready.push(id);
      for (const owner of waitsFor) {
        const waiters = this.#waiters.get(owner);
        if (waiters === undefined) this.#waiters.set(owner, [id]);
        else waiters.push(id);
      }
    }
    this.#drain();
  }

  /** Breaks rings until this move has its place. */
  placeWithAll(id: number): void {
    while (!this.#waves.has(id)) {
      const ring = this.#ringBefore(id);
      const aside = ring.find((one) => this.#moves.get(one)?.mayStepAside === true);
      if (aside === undefined) for (const one of ring) this.#giveUp(one);
      else this.#stepAside(aside);
      this.#drain();
    }
  }

  places(): ReadonlyMap<number, Place> {
    this.#spreadTroubles();
    return new Map(
      [...this.#moves.keys()].map((id) => [
        id,
        {
          wave: this.#waves.get(id) ?? 0,
          stepsAside: this.#aside.has(id),
          trouble: this.#troubles.get(id) ?? null,
        },
      ]),
    );
  }

  #drain(): void {
    for (let id = this.#ready.pop(); id !== undefined; id = this.#ready.pop()) {
      if (!this.#waves.has(id)) this.#place(id);
    }
  }

  #place(id: number): void {
    const move = this.#moves.get(id);
    if (move === undefined) return;
    const wave = move.waitsFor.reduce((least, owner) => Math.max(least, this.#freedIn(owner) + 1), move.wave);
    this.#waves.set(id, wave);
    if (this.#aside.has(id)) return;
    const isAwaited = this.#waiters.has(id);
    if (wave > wavesMax && isAwaited) {
      if (move.mayStepAside) this.#aside.add(id);
      else this.#troubles.set(id, 'ring');
    }
    this.#letGo(id);
  }

  #freedIn(owner: number): number {
    return this.#aside.has(owner) ? 0 : (this.#waves.get(owner) ?? 0);
  }

  #stepAside(id: number): void {
    this.#aside.add(id);
    this.#letGo(id);
  }

  #giveUp(id: number): void {
    this.#troubles.set(id, 'ring');
    this.#waves.set(id, 0);
    this.#letGo(id);
  }

  #letGo(id: number): void {
    for (const waiter of this.#waiters.get(id) ?? []) {
      const owners = (this.#owners.get(waiter) ?? 0) - 1;
      this.#owners.set(waiter, owners);
      if (owners === 0) this.#ready.push(waiter);
    }
  }

  /** From somebody who waits, owner by owner, until somebody comes again: from there on it is a ring. */
  #ringBefore(id: number): readonly number[] {
    const path: number[] = [];
    const seen = new Set<number>();
    let current = id;
    while (!seen.has(current)) {
      seen.add(current);
      path.push(current);
      const owner = this.#moves.get(current)?.waitsFor.find((one) => !this.#hasLetGo(one));
      if (owner === undefined) throw new Error('A move waits for nobody and has no place.');
      current = owner;
    }
    return path.slice(path.indexOf(current)).toSorted((one, other) => one - other);
  }

  #hasLetGo(id: number): boolean {
    return this.#waves.has(id) || this.#aside.has(id);
  }

  /** Whoever waits for a change that is not sent is not sent either. */
  #spreadTroubles(): void {
    const stuck = [...this.#moves].filter(([, { isStuck }]) => isStuck).map(([id]) => id);
    const spreading = [...stuck, ...this.#troubles.keys()];
    for (let id = spreading.pop(); id !== undefined; id = spreading.pop()) {
      for (const waiter of this.#waiters.get(id) ?? []) {
        if (this.#troubles.has(waiter)) continue;
        this.#troubles.set(waiter, 'waits');
        spreading.push(waiter);
      }
    }
  }
}
