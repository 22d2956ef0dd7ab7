import type { Step } from '../../domain/change.ts';
import { sameValue } from '../../domain/comparison.ts';
import type { Attributes, User, Value } from '../../domain/user.ts';
import { lists, minusAll, properties, attributes as rules, setOf, singleNames } from './fields.ts';
import { authenticatorName, idOfKey, keyOfId } from './key.ts';
import type { Named, WireUser } from './wire.ts';

/**
 * The user behind an answer. `enabled`, `locked`, `expired` and `credentialsExpired` are independent; only the first
 * is ours. Password and second factor are left behind here. Lists that are not shown stay unknown.
 */
export function userOf(wire: WireUser): User {
  const { username, authenticator } = wire.userKey;
  const attributes: Record<string, Value | null> = {
    userName: username,
    [authenticatorName]: authenticator,
    'vikingcloud.isSsoUser': wire.isSsoUser === true,
  };
  for (const name of singleNames) attributes[name] = wire[properties[name]] || null;
  for (const { attribute, property } of lists) {
    const entries = wire[property];
    if (entries != null) attributes[attribute] = namesOf(entries);
  }
  // One whose state is not said counts as enabled: then a leaver is disabled once too often, not once too rarely.
  return { id: idOfKey({ username, authenticator }), active: wire.enabled !== false, attributes };
}

/** The account after a step took effect. */
export function applied(step: Step, user: User | null, userId: string): User {
  const now: User = user ?? { id: userId, active: true, attributes: {} };
  switch (step.action) {
    case 'create':
      return { id: userId, active: true, attributes: createdAttributes(step.values, userId) };
    case 'update':
      return { ...now, attributes: { ...now.attributes, ...step.values } };
    case 'access':
      return { ...now, attributes: withAccess(now.attributes, step.values) };
    case 'enable':
      return { ...now, active: true };
    case 'disable':
      return { ...now, active: false };
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

/** Names of what a step wants and the user does not have; empty when the step took effect. */
export function lacking(step: Step, user: User): readonly string[] {
  switch (step.action) {
    case 'create':
    case 'update':
      return Object.keys(step.values).filter((name) => !hasValue(name, step.values[name], user));
    case 'access':
      return lists.filter((list) => !hasAccess(list, step.values, user)).map(({ attribute }) => attribute);
    case 'enable':
      return user.active ? [] : ['active'];
    case 'disable':
      return user.active ? ['active'] : [];
    default:
      throw new Error(`No such step: ${step.action}.`);
  }
}

export function namesOf(entries: readonly Named[]): readonly string[] {
  return setOf(entries.map(({ name }) => name));
}

function createdAttributes(values: Attributes, userId: string): Attributes {
  const key = keyOfId(userId);
  const named = key === null ? {} : { userName: key.username, [authenticatorName]: key.authenticator };
  return { roles: [], [lists[1].attribute]: [], ...values, ...named };
}

function withAccess(attributes: Attributes, values: Attributes): Attributes {
  const next: Record<string, Value | null> = { ...attributes };
  for (const { attribute, added, taken } of lists) {
    const held = setOf([...setOf(attributes[attribute]), ...setOf(values[added])]);
    next[attribute] = minusAll(held, setOf(values[taken]));
  }
  return next;
}

function hasValue(name: string, wanted: Value | null | undefined, user: User): boolean {
  // A server may add roles of its own to a new user: what was asked for has to be there, others may.
  if (rules[name]?.type === 'set') return minusAll(setOf(wanted), setOf(user.attributes[name])).length === 0;
  return sameValue(user.attributes[name], wanted, rules[name]);
}

function hasAccess(list: (typeof lists)[number], values: Attributes, user: User): boolean {
  const added = setOf(values[list.added]);
  const taken = setOf(values[list.taken]);
  const held = user.attributes[list.attribute];
  if (held === undefined) return added.length === 0 && taken.length === 0;
  const has = new Set(setOf(held));
  return added.every((name) => has.has(name)) && !taken.some((name) => has.has(name));
}
