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
    const current = user.attributes[name] ?? null;
    if (rule === undefined || !isWritten(column, current, rule)) continue;
    const one = compareOne({ wanted, current, rule, column }, known);
    if (one.agreed !== undefined) agreed[name] = one.agreed;
    if (one.drifted) drifted.push(name);
    if (one.written === undefined) continue;
    before[name] = current;
    after[name] = one.written;
    conflict = one.conflict ?? conflict;
  }
  return { before, after, conflict, agreed, drifted };
}

interface OneAttribute {
  readonly wanted: Value | null;
  readonly current: Value | null;
  readonly rule: DiffRule;
  readonly column: ColumnRules;
}

interface OneCompared {
  /** What is to be written, or would be but for the conflict; undefined: nothing. */
  readonly written?: Value | null;
  readonly conflict?: Reason;
  readonly agreed: Value | null | undefined;
  readonly drifted: boolean;
}

function compareOne({ wanted, current, rule, column }: OneAttribute, known: Account | null): OneCompared {
  const { attribute, owned = [] } = column;
  const next = (from: Value | null): Value | null =>
    rule.type === 'set' ? nextSet(from, wanted, owned, rule) : wanted;
  const written = next(current);
  if (sameValue(current, written, rule)) {
    return { agreed: remembersAgreement(column, known) ? wanted : undefined, drifted: false };
  }
  const drift = judgeDrift({ target: current, next, rule }, column, known);
  const found = { agreed: drift.agreed, drifted: drift.drifted && column.drift !== 'targetWins' };
  if (drift.isConflict) return { ...found, written, conflict: bothChanged(attribute) };
  if (!drift.writes) return found;
  if (rule.writable !== 'always') return { ...found, written, conflict: notWritable(attribute) };
  return { ...found, written };
}

/** What the job says of an attribute; of one without a column, nothing. */
type ColumnRules = Pick<Column, 'attribute'> & Partial<Pick<Column, 'write' | 'owned' | 'drift'>>;

function isWritten({ write = 'always' }: ColumnRules, current: Value | null, rule: DiffRule): boolean {
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
