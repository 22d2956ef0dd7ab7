const windowMs = 1000;

/** At most `most` admissions within any second. */
export class SlidingWindow {
  /** The times of the last `most` admissions, as a ring. */
  readonly #times: Float64Array;
  #oldest = 0;

  constructor(most: number) {
    this.#times = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
  }

  /** Admits the caller and returns 0, or returns the milliseconds until there is room. `nowMs` never goes back. */
  take(nowMs: number): number {
    const leavesAt = (this.#times[this.#oldest] ?? Number.NEGATIVE_INFINITY) + windowMs;
    if (nowMs < leavesAt) {
      return leavesAt - nowMs;
    }
    this.#times[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.#times.length;
    return 0;
  }
}
