import type { Step } from '../../domain/change.ts';
import { fold } from '../../domain/comparison.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import type { Reference, VcdUser } from './wire.ts';

/** Where the user signs in; the provider's own, never written. */
export const providerTypeAttribute = 'cloud-director.providerType';

/** Our names of the attributes that are one text field of a user each. */
export const textFields: readonly (readonly [attribute: string, field: TextField])[] = [
  ['displayName', 'fullName'],
  ['name.givenName', 'givenName'],
  ['name.familyName', 'familyName'],
  ['emails.work', 'email'],
  ['phoneNumbers.work', 'phone'],
  ['cloud-director.description', 'description'],
];

export type TextField = 'fullName' | 'givenName' | 'familyName' | 'email' | 'phone' | 'description';

/** Roles that a step gives and takes: the user's other roles stay, whoever gave them since. */
export const rolesAdded = 'roles.add';
export const rolesRemoved = 'roles.remove';
/** The same for groups, which are written by a step of their own. */
export const groupsAdded = 'groups.add';
export const groupsRemoved = 'groups.remove';

/** User names have only lower-case letters (SDK, resource_vcd_org_user.go, 2026), so the feed's are folded. */
export function foldName(userName: string): string {
  return fold(userName, { caseExact: false });
}

/** The id as it is compared: hexadecimal digits have no case. */
export function foldId(urn: string): string {
  return urn.toLowerCase();
}

/**
 * A user as it was read. Throws nothing: without `enabled` there is no telling who is active, so null is given, for
 * the caller to stop.
 */
export function userOf(read: VcdUser, nameOfRole: (role: Reference) => string): User | null {
  if (typeof read.enabled !== 'boolean') return null;
  const attributes: Record<string, Value | null> = { userName: read.username };
  for (const [attribute, field] of textFields) attributes[attribute] = read[field] || null;
  attributes.roles = setOf((read.roleEntityRefs ?? []).map(nameOfRole));
  attributes[providerTypeAttribute] = read.providerType || null;
  return { id: foldId(read.id), active: read.enabled, attributes };
}

/** The account after a step took effect. */
export function applied(step: Step, user: User | null, userId: string): User {
  const now: User = user ?? { id: userId, active: false, attributes: {} };
  switch (step.action) {
    case 'create':
      return { id: userId, active: true, attributes: created(step.values) };
    case 'update':
      return { ...now, attributes: changed(now.attributes, step.values) };
    case 'enable':
    case 'disable':
      return {
        ...now,
        active: step.action === 'enable',
        attributes: changed(now.attributes, step.values),
      };
    case 'set-groups': {
      const { [groupsAdded]: added, [groupsRemoved]: removed } = step.values;
      const groups = overlaid(now.attributes.groups, added, removed);
      return { ...now, attributes: { ...now.attributes, groups } };
    }
    case 'take-ownership':
      return now;
    case 'delete':
      return { ...now, active: false };
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** The entries of a set, each once, in a fixed order. */
export function setOf(value: Value | null | undefined): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(value.map((entry) => fold(entry, { caseExact: true })))].sort();
}

/** Those that the second set lacks. */
export function minusAll(ones: readonly string[], others: readonly string[]): readonly string[] {
  const held = new Set(others);
  return ones.filter((one) => !held.has(one));
}

function created(values: Attributes): Attributes {
  const { userName } = values;
  const roles = setOf(values.roles);
  return typeof userName === 'string'
    ? { ...values, roles, userName: foldName(userName) }
    : { ...values, roles };
}

function changed(attributes: Attributes, values: Attributes): Attributes {
  const { [rolesAdded]: added, [rolesRemoved]: removed, ...plain } = values;
  return { ...attributes, ...plain, roles: overlaid(attributes.roles, added, removed) };
}

type Entries = Value | null | undefined;

function overlaid(held: Entries, added: Entries, removed: Entries): readonly string[] {
  return setOf([...minusAll(setOf(held), setOf(removed)), ...setOf(added)]);
}
