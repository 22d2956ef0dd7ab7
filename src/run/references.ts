import type { Provider } from '../contracts/provider.ts';
import type { Need, Step } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Attributes, User, Value } from '../domain/user.ts';
import type { Matching } from '../match/open-matching.ts';

/*
 * An attribute such as `manager` names another person by that one's lasting id, and the target wants its own word for
 * that person's user. Who has a user is put in at once. Who is only now being created makes a step that waits until
 * all else of the plan has been sent. Who has none, and will have none, leaves the old value, and is counted.
 */

/** A person whose references are resolved as far as they can be. */
export interface Referring {
  readonly person: Person;
  /** Lasting ids of people who will have a user once the plan has been sent, by attribute. */
  readonly waiting: Readonly<Record<string, string>>;
  /** How many references lead nowhere. */
  readonly unresolved: number;
}

type Resolve = (person: Person) => Referring;

/** Resolves what people say of each other, for one target. */
export function referenceResolver(
  provider: Provider,
  columns: readonly Column[],
  matching: Pick<Matching, 'referred'>,
): Resolve {
  const names = columns
    .map((column) => column.attribute)
    .filter((name) => provider.attributes[name]?.reference === true);
  if (names.length === 0) return (person) => ({ person, waiting: {}, unresolved: 0 });
  return (person) => resolvePerson(person, names, provider, matching);
}

function resolvePerson(
  person: Person,
  names: readonly string[],
  provider: Provider,
  matching: Pick<Matching, 'referred'>,
): Referring {
  const attributes: Record<string, Value | null> = { ...person.attributes };
  const waiting: Record<string, string> = {};
  let unresolved = 0;
  for (const name of names) {
    const named = attributes[name];
    if (typeof named !== 'string') continue;
    delete attributes[name];
    const { user, inFeed } = matching.referred(named.normalize('NFC'));
    const value = user === null ? null : (provider.referenceTo?.(user) ?? null);
    if (value !== null) attributes[name] = value;
    else if (user === null && inFeed) waiting[name] = named.normalize('NFC');
    else unresolved += 1;
  }
  return { person: { ...person, attributes }, waiting, unresolved };
}

/** The steps that wait for the people whom they name; their values are filled in when they are sent. */
export function waitingSteps(
  provider: Provider,
  need: Need,
  waiting: Readonly<Record<string, string>>,
  says: Attributes,
): readonly Step[] {
  const names = Object.keys(waiting);
  if (names.length === 0) return [];
  const user = need.user ?? { id: '', active: true, attributes: need.after };
  const before: Attributes = Object.fromEntries(names.map((name) => [name, user.attributes[name] ?? null]));
  const update: Need = { ...need, operation: 'update', user, before, after: waiting };
  return provider.steps(update, user, null, says).map((step) => {
    const values = Object.entries(step.values).filter(([name]) => waiting[name] === undefined);
    return { ...step, values: Object.fromEntries(values), references: waiting };
  });
}

/** The need of a person who needs nothing but a reference that waits. */
export function referenceNeed(person: Person, user: User): Need {
  const { key, linkKey, rows } = person;
  const nothing = { before: {}, after: {}, remember: null, conflict: null };
  return { operation: 'update', key, linkKey, userId: user.id, user, rows, cause: 'feed', ...nothing };
}

/** The step as it can be sent now; null when a person whom it names still has no user. */
export function filledStep(
  step: Step,
  provider: Provider,
  userOf: (linkKey: string) => User | undefined,
): Step | null {
  const values: Record<string, Value | null> = { ...step.values };
  for (const [name, linkKey] of Object.entries(step.references ?? {})) {
    const user = userOf(linkKey);
    const value = user === undefined ? null : (provider.referenceTo?.(user) ?? null);
    if (value === null) return null;
    values[name] = value;
  }
  return { action: step.action, subject: step.subject, values, isFilled: true };
}
