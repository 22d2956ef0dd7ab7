import { fold, foldedSet, sameValue } from '../domain/comparison.ts';
import type { Reason } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Account, Attributes, User, Value } from '../domain/user.ts';
import { judgeDrift, remembersAgreement } from './drift.ts';
import type { DiffRule, DiffSettings } from './difference.ts';
import { matchesAny } from '../domain/wildcard.ts';

export interface Compared {
  readonly before: Attributes;
  readonly after: Attributes;
  readonly conflict: Reason | null;
  /** What feed and target have in common, or had last, of attributes whose column says what a drift means. */
  readonly agreed: Attributes;
  /** Attributes that somebody changed in the target, and which the report counts. */
  readonly drifted: readonly string[];
}

/**
 * Attribute by attribute, over the mapped attributes only, as the target compares them.
 * @param known what the ledger remembers of the user; null unless it is linked to this person
 */
export function compareAttributes(
  person: Person,
  user: User,
  known: Account | null,
  settings: DiffSettings,
): Compared {
  const before: Record<string, Value | null> = {};
  const after: Record<string, Value | null> = {};
  const agreed: Record<string, Value | null> = {};
  const drifted: string[] = [];
  let conflict: Reason | null = null;
  const columns = new Map(settings.columns.map((column) => [column.attribute, column]));
  for (const [name, wanted] of Object.entries(person.attributes)) {
    const rule = settings.rules[name];
    const column: ColumnRules = columns.get(name) ?? { attribute: name };
    const { write = 'always', owned = [] } = column;
    const current = user.attributes[name] ?? null;
    if (rule === undefined || !isWritten(write, current, rule)) continue;
    const next = (from: Value | null): Value | null =>
      rule.type === 'set' ? nextSet(from, wanted, owned, rule) : wanted;
    const written = next(current);
    if (sameValue(current, written, rule)) {
      if (remembersAgreement(column, known)) agreed[name] = wanted;
      continue;
    }
    const drift = judgeDrift({ target: current, next, rule }, column, known);
    if (drift.agreed !== undefined) agreed[name] = drift.agreed;
    if (drift.drifted && column.drift !== 'targetWins') drifted.push(name);
    if (drift.isConflict) conflict ??= bothChanged(name);
    if (!drift.writes && !drift.isConflict) continue;
    if (rule.writable !== 'always') conflict = notWritable(name);
    before[name] = current;
    after[name] = written;
  }
  return { before, after, conflict, agreed, drifted };
}

/** What the job says of an attribute; of one without a column, nothing. */
type ColumnRules = Pick<Column, 'attribute'> & Partial<Pick<Column, 'write' | 'owned' | 'drift'>>;

function isWritten(write: Column['write'], current: Value | null, rule: DiffRule): boolean {
  return write === 'always' || (write === 'ifEmpty' && sameValue(current, null, rule));
}

function notWritable(name: string): Reason {
  return {
    code: 'NOT_WRITABLE',
    message: `The target never changes ${name} of an existing user: change it there by hand, or undo it in the feed.`,
  };
}

function bothChanged(name: string): Reason {
  return {
    code: 'DRIFT',
    message:
      `The feed and somebody in the target both changed ${name} since they were the same. Make one of them say what ` +
      'the other says.',
  };
}

/** Sets only grow, but for the entries that the job owns and no longer wants. */
function nextSet(
  current: Value | null,
  wanted: Value | null,
  owned: readonly string[],
  rule: DiffRule,
): Value {
  const has = Array.isArray(current) ? (current as readonly string[]) : [];
  const wants = Array.isArray(wanted) ? (wanted as readonly string[]) : [];
  const wantedFolded = foldedSet(wants, rule);
  const owns = owned.map((pattern) => fold(pattern, rule));
  const kept = has.filter((entry) => {
    const folded = fold(entry, rule);
    return wantedFolded.has(folded) || !matchesAny(folded, owns);
  });
  const known = new Set(foldedSet(has, rule));
  const added = [...wants].sort().filter((entry) => {
    const folded = fold(entry, rule);
    if (known.has(folded)) return false;
    known.add(folded);
    return true;
  });
  return [...kept, ...added].sort();
}
