import type { Need } from '../domain/change.ts';
import { type ComparisonRule, fold } from '../domain/comparison.ts';
import type { Attributes } from '../domain/user.ts';

/** What has to be known of an attribute to tell whether a value can pass from one user to another. */
export interface OwnershipRule extends ComparisonRule {
  /** Set where the target lets a value belong to one user only. */
  readonly unique?: true;
}

/** A value that only one user can have, in the form in which two spellings are equal. */
export interface OwnedValue {
  readonly attribute: string;
  readonly value: string;
}

type Rules = Readonly<Record<string, OwnershipRule>>;

/** Names of the attributes whose values belong to one user each. */
export function uniqueAttributes(rules: Rules): readonly string[] {
  return Object.keys(rules).filter((name) => rules[name]?.unique === true);
}

/** Values that nobody has any more once a need has been met: a removed user's all, a changed user's old ones. */
export function valuesFreed({ operation, user, after }: Need, rules: Rules): readonly OwnedValue[] {
  if (user === null || operation === 'create' || operation === 'disable') return [];
  const held = ownedValues(user.attributes, rules);
  if (operation === 'remove') return held;
  const next = new Map(ownedValues(after, rules).map(({ attribute, value }) => [attribute, value]));
  return held.filter(
    ({ attribute, value }) => after[attribute] !== undefined && next.get(attribute) !== value,
  );
}

/** Values that somebody gets, and did not have. */
export function valuesTaken({ operation, user, after }: Need, rules: Rules): readonly OwnedValue[] {
  if (operation === 'disable' || operation === 'remove') return [];
  const held = new Map(
    ownedValues(user?.attributes ?? {}, rules).map(({ attribute, value }) => [attribute, value]),
  );
  return ownedValues(after, rules).filter(({ attribute, value }) => held.get(attribute) !== value);
}

/** The values of a user that nobody else can have. */
export function ownedValues(attributes: Attributes, rules: Rules): readonly OwnedValue[] {
  return uniqueAttributes(rules).flatMap((attribute) => {
    const value = attributes[attribute];
    if (typeof value !== 'string' || value === '') return [];
    return [{ attribute, value: fold(value, rules[attribute]) }];
  });
}
