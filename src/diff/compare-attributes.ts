import { fold, foldedSet, sameValue } from '../domain/comparison.ts';
import type { Reason } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Attributes, User, Value } from '../domain/user.ts';
import type { DiffRule, DiffSettings } from './difference.ts';
import { matchesAny } from '../domain/wildcard.ts';

export interface Compared {
  readonly before: Attributes;
  readonly after: Attributes;
  readonly conflict: Reason | null;
}

/** Attribute by attribute, over the mapped attributes only, as the target compares them. */
export function compareAttributes(person: Person, user: User, settings: DiffSettings): Compared {
  const before: Record<string, Value | null> = {};
  const after: Record<string, Value | null> = {};
  let conflict: Reason | null = null;
  const columns = new Map(settings.columns.map((column) => [column.attribute, column]));
  for (const [name, wanted] of Object.entries(person.attributes)) {
    const rule = settings.rules[name];
    const { write = 'always', owned = [] } = columns.get(name) ?? {};
    if (rule === undefined || write === 'onCreate') continue;
    const current = user.attributes[name] ?? null;
    if (write === 'ifEmpty' && !sameValue(current, null, rule)) continue;
    const next = rule.type === 'set' ? nextSet(current, wanted, owned, rule) : wanted;
    if (sameValue(current, next, rule)) continue;
    if (rule.writable !== 'always') {
      conflict = {
        code: 'NOT_WRITABLE',
        message: `The target never changes ${name} of an existing user: change it there by hand, or undo it in the feed.`,
      };
    }
    before[name] = current;
    after[name] = next;
  }
  return { before, after, conflict };
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
