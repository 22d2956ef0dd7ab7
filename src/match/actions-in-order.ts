import { type ComparisonRule, fold } from '../domain/comparison.ts';
import type { Person } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Attributes, Value } from '../domain/user.ts';
import { matchesAny } from '../domain/wildcard.ts';
import type { NoneOfSeveral, OneOfSeveral } from './several-rows.ts';

/** What decides how values of one row lie over those of an earlier one. */
export interface OverlayRules {
  readonly columns: readonly Column[];
  readonly attributes: Readonly<Record<string, ComparisonRule>>;
}

/**
 * Makes one person of the rows of a delta, as if each had been carried out after the one before it: later values lie
 * over earlier ones, all actions are kept in their order, and the last status counts. Nothing can follow a removal.
 * @param people one for each row, in the order of the feed
 */
export function actionsInOrder(people: readonly Person[], rules: OverlayRules): OneOfSeveral {
  const [first, ...others] = people;
  if (first === undefined) throw new Error('A person has at least one row.');
  const actions = people.flatMap((person) => person.actions ?? []);
  const removal = actions.indexOf('remove');
  if (removal !== -1 && actions.slice(removal).some((action) => action !== 'remove')) return contradicting;
  if (others.some(({ matchKey }) => matchKey !== first.matchKey)) return severalLogins;
  const person = others.reduce((before, row) => overlaid(before, row, rules), first);
  return { kind: 'one', person: { ...person, actions }, first, losers: [] };
}

const contradicting: NoneOfSeveral = {
  kind: 'none',
  code: 'CONTRADICTING_ACTIONS',
  attribute: null,
  message:
    'Rows of this person ask for something after a removal, so none of them is taken. Send what comes after it in a ' +
    'feed of its own.',
};

const severalLogins: NoneOfSeveral = {
  kind: 'none',
  code: 'CONTRADICTING_ACTIONS',
  attribute: null,
  message:
    'Rows of this person have different match keys, so it cannot be told whom they ask for. Send a rename in a feed ' +
    'of its own.',
};

function overlaid(before: Person, row: Person, rules: OverlayRules): Person {
  const { onLeave: _, ...earlier } = before;
  return {
    ...earlier,
    rows: [...before.rows, ...row.rows],
    active: row.active,
    ...(row.onLeave === true ? { onLeave: true } : {}),
    attributes: overlay(before.attributes, row.attributes, rules),
  };
}

function overlay(before: Attributes, said: Attributes, rules: OverlayRules): Attributes {
  const attributes: Record<string, Value | null> = { ...before };
  for (const [name, value] of Object.entries(said)) {
    const earlier = before[name] ?? null;
    attributes[name] = Array.isArray(earlier) ? setAfter(name, earlier, value, rules) : value;
  }
  return attributes;
}

/** A set grows with each row, but for what the job owns and the later row no longer names. */
function setAfter(
  name: string,
  earlier: readonly string[],
  value: Value | null,
  { columns, attributes }: OverlayRules,
): Value | null {
  const owned = columns.find((column) => column.attribute === name)?.owned ?? [];
  const folded = (entry: string): string => fold(entry, attributes[name]);
  const patterns = owned.map(folded);
  const wanted = Array.isArray(value) ? (value as readonly string[]) : [];
  const seen = new Set(wanted.map(folded));
  const kept = earlier.filter((entry) => !seen.has(folded(entry)) && !matchesAny(folded(entry), patterns));
  return kept.length + wanted.length === 0 ? null : [...kept, ...wanted];
}
