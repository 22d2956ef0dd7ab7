import type { ExpectedEvent, GuardLimit, GuardName } from '../domain/guard-settings.ts';
import type { Guard } from './guard.ts';

/** However few there are, so many of a kind always pass a percentage. */
export const guardFloor = 3;

/**
 * How much of a whole a limit allows.
 *
 * @param of what the percentage is of: managed users, rows, cells
 * @param floor what always passes a percentage
 */
export function allowedOf(limit: GuardLimit, of: number, floor = guardFloor): number {
  const byPercent =
    limit.percent === null
      ? Number.POSITIVE_INFINITY
      : // Where binary fractions would otherwise lose one: 29 % of 100 is 28.999…
        Math.max(floor, Math.floor((of * limit.percent) / 100 + 1e-9));
  return Math.min(byPercent, limit.count ?? Number.POSITIVE_INFINITY);
}

/** The limit as a job says it. */
export function limitText(limit: GuardLimit, floor = guardFloor): string {
  const parts: string[] = [];
  if (limit.percent !== null) parts.push(`${limit.percent}%${floor > 0 ? `, at least ${floor}` : ''}`);
  if (limit.count !== null) parts.push(`ceiling ${limit.count}`);
  return parts.join(', ');
}

/** What stands for a figure that has no bound. */
export function shownLimit(allowed: number): number | null {
  return Number.isFinite(allowed) ? allowed : null;
}

/**
 * The events that make a guard allow more at this moment.
 * @param asOf ISO 8601; its day in UTC counts
 */
export function eventsOn(
  expected: readonly ExpectedEvent[],
  what: GuardName,
  asOf: string,
): readonly ExpectedEvent[] {
  const day = asOf.slice(0, 10);
  return expected.filter((event) => event.what === what && event.from <= day && day <= event.to);
}

/** What is counted, and of what. */
export interface Counted {
  readonly name: string;
  readonly subject?: string;
  readonly actual: number;
  readonly of: number;
  readonly limit: GuardLimit;
  readonly floor?: number;
  /** Those of now that speak of it. */
  readonly events: readonly ExpectedEvent[];
}

/** Judges a figure of which the limit is the most. */
export function judgeMost(counted: Counted, advice: (allowed: number) => string): Guard {
  const { name, subject, actual, of, floor = guardFloor } = counted;
  const usual = allowedOf(counted.limit, of, floor);
  const { allowed, event } = raised(counted, usual);
  return verdict({
    about: { name, ...(subject === undefined ? {} : { subject }), limit: shownLimit(allowed), actual },
    event,
    tripped: actual > allowed,
    released: actual > usual,
    advice: () => advice(allowed),
  });
}

/** Judges a figure that may not have lost more than the limit since it was `of`, and is never less than `least`. */
export function judgeLeast(
  counted: Counted & { readonly least: number },
  advice: (least: number) => string,
): Guard {
  const { name, subject, actual, of, least, floor = guardFloor } = counted;
  const usual = allowedOf(counted.limit, of, floor);
  const { allowed, event } = raised(counted, usual);
  const limit = Math.max(least, of - allowed);
  return verdict({
    about: { name, ...(subject === undefined ? {} : { subject }), limit, actual },
    event,
    tripped: actual < limit,
    released: actual < Math.max(least, of - usual),
    advice: () => advice(limit),
  });
}

function raised(
  { of, events, floor = guardFloor }: Counted,
  usual: number,
): { readonly allowed: number; readonly event: ExpectedEvent | null } {
  let allowed = usual;
  let event: ExpectedEvent | null = null;
  for (const one of events) {
    const upTo = allowedOf(one.upTo, of, floor);
    if (upTo <= allowed) continue;
    allowed = upTo;
    event = one;
  }
  return { allowed, event };
}

interface Found {
  readonly about: Pick<Guard, 'name' | 'subject' | 'limit' | 'actual'>;
  readonly event: ExpectedEvent | null;
  readonly tripped: boolean;
  /** Whether it would trip without the event. */
  readonly released: boolean;
  advice(): string;
}

function verdict({ about, event, tripped, released, advice }: Found): Guard {
  const note = event === null ? null : eventText(event);
  return {
    ...about,
    tripped,
    advice: tripped
      ? `${advice()}${note === null ? '' : ` More than usual is allowed already: ${note}.`}`
      : null,
    ...(note === null ? {} : { allowedBy: note }),
    ...(released && !tripped ? { released: true } : {}),
  };
}

function eventText({ from, to, upTo, why, by }: ExpectedEvent): string {
  const amount = [upTo.percent === null ? null : `${upTo.percent}%`, upTo.count]
    .filter((part) => part !== null)
    .join(', ');
  return `up to ${amount} expected from ${from} to ${to} (${why}; ${by})`;
}
