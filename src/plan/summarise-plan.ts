import { type Change, type Operation, operations } from '../domain/change.ts';
import { fold, identicalValue } from '../domain/comparison.ts';
import type { Value } from '../domain/user.ts';
import { type Frequent, frequent } from './frequent.ts';

/** The groups in which people read a plan, the riskiest first. */
export const planGroups = [
  'conflict',
  'remove',
  'disable',
  'accessLost',
  'update',
  'enable',
  'create',
] as const;
export type PlanGroup = (typeof planGroups)[number];

/** Of changes that are not in conflict, but for `groups` and `conflicts`. */
export interface PlanSummary {
  readonly groups: Readonly<Record<PlanGroup, number>>;
  readonly byCause: Readonly<Record<Operation, Readonly<Record<string, number>>>>;
  /** By their code. */
  readonly conflicts: Readonly<Record<string, number>>;
  readonly undo: Readonly<Record<NonNullable<Change['undo']>, number>>;
  /** How many steps there are of each kind; steps of one kind may share a request. */
  readonly steps: readonly number[];
  readonly attributes: readonly AttributeSummary[];
}

/** What updates, enables and disables do to one attribute. */
export interface AttributeSummary {
  readonly name: string;
  readonly changed: number;
  /** Those that have no value afterwards. */
  readonly emptied: number;
  /** Values before and after, or entries given and taken, the most frequent first; those that came once only are no pattern. */
  readonly pairs: readonly ValuePair[];
  /** False when there were too many different ones to count all. */
  readonly isExact: boolean;
}

export interface ValuePair {
  readonly from: string | null;
  readonly to: string | null;
  /** Entries of a set have only one of the two. */
  readonly kind: 'value' | 'entry';
  readonly count: number;
}

export function groupOf(change: Pick<Change, 'operation' | 'disposition' | 'before' | 'after'>): PlanGroup {
  if (change.disposition === 'conflict') return 'conflict';
  return change.operation === 'update' && losesAccess(change) ? 'accessLost' : change.operation;
}

function losesAccess({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return Object.entries(after).some(([name, value]) => minus(before[name], value).length > 0);
}

const pairsShown = 5;
const countersMax = 512;
const textMax = 120;

/** Reads a plan once, in memory that does not grow with it. */
export function summarisePlan(changes: Iterable<Change>): PlanSummary {
  const groups = Object.fromEntries(planGroups.map((group) => [group, 0])) as Record<PlanGroup, number>;
  const byCause = Object.fromEntries(operations.map((operation) => [operation, {}])) as Record<
    Operation,
    Record<string, number>
  >;
  const conflicts: Record<string, number> = {};
  const undo = { full: 0, partly: 0, no: 0 };
  const steps = new Map<string, number>();
  const attributes = new Map<string, AttributeCounter>();
  for (const change of changes) {
    groups[groupOf(change)] += 1;
    if (change.disposition === 'conflict') {
      increment(conflicts, change.reason?.code ?? '');
      continue;
    }
    increment(byCause[change.operation], change.cause);
    undo[change.undo ?? 'no'] += 1;
    for (const { action, subject } of change.steps) {
      const kind = `${action}\n${subject}`;
      steps.set(kind, (steps.get(kind) ?? 0) + 1);
    }
    if (change.operation !== 'create' && change.operation !== 'remove') countAttributes(change, attributes);
  }
  return {
    groups,
    byCause,
    conflicts,
    undo,
    steps: [...steps.values()],
    attributes: [...attributes]
      .map(([name, counter]) => ({ name, ...counter.summary() }))
      .sort((one, other) => other.changed - one.changed || (one.name < other.name ? -1 : 1)),
  };
}

interface AttributeCounter {
  add(from: Value | null, to: Value | null): void;
  summary(): Omit<AttributeSummary, 'name'>;
}

function countAttributes({ before, after }: Change, counters: Map<string, AttributeCounter>): void {
  for (const [name, to] of Object.entries(after)) {
    const from = before[name] ?? null;
    if (name === 'active' || identicalValue(from, to)) continue;
    const counter = counters.get(name) ?? attributeCounter();
    counters.set(name, counter);
    counter.add(from, to);
  }
}

function attributeCounter(): AttributeCounter {
  const pairs: Frequent = frequent(countersMax);
  let changed = 0;
  let emptied = 0;
  const add = (pair: Omit<ValuePair, 'count'>): void => pairs.add(JSON.stringify(pair));
  return {
    add: (from, to) => {
      changed += 1;
      if (identicalValue(to, null)) emptied += 1;
      if (Array.isArray(from) || Array.isArray(to)) {
        for (const entry of minus(to, from)) add({ kind: 'entry', from: null, to: textOf(entry) });
        for (const entry of minus(from, to)) add({ kind: 'entry', from: textOf(entry), to: null });
      } else {
        add({ kind: 'value', from: textOf(from), to: textOf(to) });
      }
    },
    summary: () => ({
      changed,
      emptied,
      pairs: pairs
        .top(pairsShown)
        .filter(({ count }) => count > 1 || changed === 1)
        .map(({ text, count }) => ({ ...(JSON.parse(text) as Omit<ValuePair, 'count'>), count })),
      isExact: pairs.isExact(),
    }),
  };
}

function textOf(value: Value | null): string | null {
  if (value === null) return null;
  const text = String(value);
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text;
}

/** Entries of the first set that the second lacks. */
function minus(ones: Value | null | undefined, others: Value | null | undefined): readonly string[] {
  if (!Array.isArray(ones)) return [];
  const held = new Set((Array.isArray(others) ? (others as readonly string[]) : []).map(exactly));
  return (ones as readonly string[]).filter((entry) => !held.has(exactly(entry)));
}

function exactly(text: string): string {
  return fold(text, { caseExact: true });
}

function increment(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
