/** What came most often of a stream, by a bounded number of counters (Misra and Gries, 1982). */
export interface Frequent {
  add(text: string): void;
  /** The most frequent first; a count is the least that it can be. */
  top(n: number): readonly { readonly text: string; readonly count: number }[];
  /** False once there was more than could be counted: then counts may be too low, and seldom ones are lost. */
  isExact(): boolean;
}

export function frequent(capacity: number): Frequent {
  const counts = new Map<string, number>();
  let forgotten = 0;
  return {
    add: (text) => {
      const known = counts.get(text);
      if (known !== undefined || counts.size < capacity) {
        counts.set(text, (known ?? 0) + 1);
        return;
      }
      forgotten += 1;
      for (const [other, count] of counts) {
        if (count === 1) counts.delete(other);
        else counts.set(other, count - 1);
      }
    },
    top: (n) =>
      [...counts]
        .map(([text, count]) => ({ text, count }))
        .sort((one, other) => other.count - one.count || (one.text < other.text ? -1 : 1))
        .slice(0, n),
    isExact: () => forgotten === 0,
  };
}
