import { isDeepStrictEqual } from 'node:util';
import type { Change, Need, Operation, Reason } from '../domain/change.ts';
import type { Attributes } from '../domain/user.ts';
import type { PlannedNeed } from '../match/order-changes.ts';
import type { ReviewedChanges } from '../plan/reviewed-changes.ts';

/** What a run is about, when not about everything. */
export interface Selection {
  /** Null: all. */
  readonly only: readonly Operation[] | null;
  /** Lasting ids of people, as the feed spells them or as they are compared; null: everybody. */
  readonly people: readonly string[] | null;
  /** Whether whom the feed misses leaves although nothing proves that it is whole: a person has to approve that. */
  readonly trustsAbsences?: boolean;
}

export const everything: Selection = { only: null, people: null };

/** A run about a part does not do all that its feed asks for, so that the feed is not accepted by it. */
export function isPartial({ only, people }: Selection): boolean {
  return only !== null || people !== null;
}

/** Which of the changes that people need belong to the run. */
export interface Choice {
  readonly isPartial: boolean;
  /** Told of everybody of the feed and the ledger, once. */
  meet(person: Met): void;
  /** Those whom the run is about by name, and whom it has not met. */
  unmet(): readonly string[];
  /** The change as this run takes it, in conflict perhaps; null when it is none of its changes. */
  take(planned: PlannedNeed): PlannedNeed | null;
  /** What the run was to do for somebody who needs nothing now; null for everybody else. */
  gone(linkKey: string, userId: string | null): PlannedNeed | null;
  /** What the run was to do for people of whom nothing is known any more. */
  rest(): Iterable<PlannedNeed>;
}

/** Somebody by the lasting id, as the feed spells it and as it is compared. */
export interface Met {
  readonly key: string | null;
  readonly linkKey: string | null;
}

/** Takes what the selection names. */
export function chooseSelected(selection: Selection): Choice {
  const { only, people } = selection;
  const operations = only === null ? null : new Set(only);
  const keys = people === null ? null : new Set(people);
  const unmet = new Set(people ?? []);
  const isChosen = ({ operation, key, linkKey }: Need): boolean =>
    (operations === null || operations.has(operation)) &&
    (keys === null || keys.has(key) || keys.has(linkKey));
  return {
    isPartial: isPartial(selection),
    meet: ({ key, linkKey }) => {
      if (unmet.size === 0) return;
      unmet.delete(key ?? '');
      unmet.delete(linkKey ?? '');
    },
    unmet: () => [...unmet],
    take: (planned) => (isChosen(planned.need) ? planned : null),
    gone: () => null,
    rest: () => [],
  };
}

/**
 * Takes the changes of a reviewed plan that are the same when they are made anew. One that is another now, or is not
 * needed any more, is that person's conflict; one that nobody has reviewed is none of the run's.
 */
export function chooseReviewed(reviewed: ReviewedChanges, selection: Selection): Choice {
  return {
    isPartial: isPartial(selection),
    meet: () => undefined,
    unmet: () => [],
    take: (planned) => {
      const change = reviewed.take(planned.need.linkKey, planned.need.userId);
      if (change === null) return null;
      return isSameChange(change, planned) ? planned : staleOf(change);
    },
    gone: (linkKey, userId) => {
      const change = reviewed.take(linkKey, userId);
      return change === null ? null : staleOf(change);
    },
    *rest() {
      for (const change of reviewed.rest()) yield staleOf(change);
    },
  };
}

const stale: Reason = {
  code: 'CHANGED_SINCE_PLAN',
  message: 'The user is no longer what the plan saw. Look at the target; the next plan sees it as it is now.',
};

function staleOf({ seq: _, disposition: __, reason: ___, steps: ____, ...need }: Change): PlannedNeed {
  return { need: { ...need, conflict: need.conflict ?? stale }, steps: [] };
}

/** Whether carrying out the one is carrying out the other: who, what, from which values to which, by which calls. */
function isSameChange(reviewed: Change, planned: PlannedNeed): boolean {
  if (reviewed.conflict !== null || planned.need.conflict !== null) {
    return reviewed.conflict?.code === planned.need.conflict?.code;
  }
  // Which of several people steps aside is settled once all changes are there.
  const stepsAside = reviewed.steps.some(({ temporary }) => temporary === true);
  const steps = stepsAside ? (planned.aside ?? []) : planned.steps;
  return isDeepStrictEqual(essence(reviewed), essence({ ...planned.need, steps }));
}

type Essential = 'operation' | 'linkKey' | 'userId' | 'user' | 'before' | 'after' | 'remember' | 'steps';

function essence(change: Pick<Change, Essential>): unknown {
  const { operation, linkKey, userId, user, before, after, remember, steps } = change;
  const sent = steps.map(({ wave: _, after: __, ...step }) => step);
  // A disable names none of the values by which a reviewer knew whom it takes the access from.
  const seen = operation === 'disable' && user !== null ? withSortedSets(user.attributes) : null;
  // What was read from a file knows no `undefined`.
  return JSON.parse(
    JSON.stringify({ operation, linkKey, userId, seen, before, after, remember, steps: sent }),
  );
}

/** Targets list the entries of a set in any order. */
function withSortedSets(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? [...value].sort() : value]),
  );
}
