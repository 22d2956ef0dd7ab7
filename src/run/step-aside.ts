import { createHash } from 'node:crypto';
import type { AttributeRule, Provider } from '../contracts/provider.ts';
import type { Need, Step } from '../domain/change.ts';
import type { Attributes, User } from '../domain/user.ts';
import { valuesFreed } from '../match/unique-values.ts';

/*
 * Two people exchange their addresses, and the target lets nobody have that of another: neither can be first. So one
 * of them takes an address that nobody has, the other takes the one that is free by then, and the first gets theirs.
 */

/** What a provider has to tell. */
type Steps = Pick<Provider, 'attributes' | 'applied' | 'steps'>;

/**
 * The steps of a need that first lets go of the values that only one user can have, by temporary ones.
 * @param says as for `Provider.steps`
 * @returns undefined for a need that lets go of none, and for values that the target does not change, or not to these
 */
export function stepsAside(need: Need, provider: Steps, says: Attributes): readonly Step[] | undefined {
  const { operation, user } = need;
  if (operation !== 'update' || user === null) return undefined;
  const freed = valuesFreed(need, provider.attributes).map(({ attribute }) => attribute);
  const before = pick(user.attributes, freed);
  const after: Record<string, string> = {};
  for (const name of freed) {
    const value = temporaryValue(need, name, provider.attributes[name]);
    if (value === null) return undefined;
    after[name] = value;
  }
  if (freed.length === 0) return undefined;
  const letsGo = provider
    .steps({ ...need, before, after, remember: null }, user, null, says)
    .map((step) => ({ ...step, temporary: true }) as const);
  const aside = letsGo.reduce<User>((held, step) => provider.applied(step, held, user.id), user);
  const rest = { ...need, user: aside, before: { ...need.before, ...after } };
  const goesOn = provider.steps(rest, aside, null, says);
  return letsGo.length === 0 || goesOn.length === 0 ? undefined : [...letsGo, ...goesOn];
}

/** Such as `rollcall-3f9a1c2b7d@example.com`: the domain stays, since targets may take no other. Null when it is too long. */
function temporaryValue(need: Need, name: string, rule: AttributeRule | undefined): string | null {
  const present = need.user?.attributes[name];
  if (rule?.writable !== 'always' || typeof present !== 'string') return null;
  // The same inputs give the same plan, so it is made from them; nobody else's login looks like it.
  const hash = createHash('sha256')
    .update(JSON.stringify([need.linkKey, name, present]))
    .digest('hex');
  const at = present.lastIndexOf('@');
  const value = `rollcall-${hash.slice(0, 10)}${at > 0 ? present.slice(at) : ''}`;
  return value.length > (rule.charactersMax ?? Number.POSITIVE_INFINITY) ? null : value;
}

function pick(attributes: Attributes, names: readonly string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, attributes[name] ?? null]));
}
