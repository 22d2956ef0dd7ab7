import type { Clock } from '../domain/settings.ts';

/** What can be broken off. */
export interface Breakable {
  /** When at the latest it has to be over, in Unix milliseconds; may move on. */
  readonly dueMs: number;
  /** Changes nothing at the target, so that nothing is in doubt when it is broken off. */
  readonly safe: boolean;
  cut(by: 'deadline' | 'stop'): void;
}

/** Requests on their way. */
export interface Underway {
  add(one: Breakable): void;
  delete(one: Breakable): void;
}

export interface UnderwaySettings {
  readonly clock: Clock;
  /** Breaks reads off. */
  readonly stop: AbortSignal | undefined;
  /** Breaks off what is still under way a while later, writes too. */
  readonly giveUp: AbortSignal;
}

/**
 * Breaks requests off at their deadlines, and at the end of the run. One timer watches them all: thousands come and go
 * in a second, and a timer and a listener for each would cost more than they do.
 */
export function watchUnderway({ clock, stop, giveUp }: UnderwaySettings): Underway {
  // Not a set: the tables that a set outgrows lead to those that follow, so that the collector keeps what is long over.
  const underway: Breakable[] = [];
  let timer: { readonly wakesMs: number; readonly disarm: AbortController } | null = null;

  stop?.addEventListener('abort', () => cutAll(({ safe }) => safe), { once: true });
  giveUp.addEventListener('abort', () => cutAll(() => true), { once: true });

  function cutAll(which: (one: Breakable) => boolean): void {
    for (const one of underway.filter(which)) one.cut('stop');
  }

  function disarm(): void {
    timer?.disarm.abort(over);
    timer = null;
  }

  function arm(wakesMs: number): void {
    disarm();
    const armed = { wakesMs, disarm: new AbortController() };
    timer = armed;
    clock.sleep(Math.max(0, wakesMs - clock.now()), armed.disarm.signal).then(
      () => {
        if (timer === armed) cutLate();
      },
      () => undefined,
    );
  }

  function cutLate(): void {
    timer = null;
    const nowMs = clock.now();
    for (const one of [...underway]) if (one.dueMs <= nowMs) one.cut('deadline');
    if (underway.length > 0) arm(Math.min(...underway.map(({ dueMs }) => dueMs)));
  }

  return {
    add(one) {
      underway.push(one);
      if (timer === null || one.dueMs < timer.wakesMs) arm(one.dueMs);
    },
    delete(one) {
      const place = underway.indexOf(one);
      const last = place === -1 ? undefined : underway.pop();
      if (last !== undefined && last !== one) underway[place] = last;
      // Else it would keep the program from ending.
      if (underway.length === 0) disarm();
    },
  };
}

/** Aborting without a reason makes one with a stack trace, every time. */
const over = new Error('over');
