import { unbounded } from '../../src/diff/bounds.ts';
import type { AbsentPerson, ComparedPerson, DiffRule, DiffSettings } from '../../src/diff/difference.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Column } from '../../src/domain/settings.ts';
import type { Account, Attributes, User } from '../../src/domain/user.ts';
import { column } from '../feed/plain-feed.ts';

// Builders of a valid world: a test states only what is different.

export const asOf = '2026-06-01T00:00:00.000Z';
export const feedSha256 = 'f'.repeat(64);

/** A point in time so many days, and perhaps milliseconds more, before `asOf`. */
export function daysAgo(days: number, ms = 0): string {
  return new Date(Date.parse(asOf) - days * 86_400_000 - ms).toISOString();
}

const plain: DiffRule = { type: 'string', caseExact: true, writable: 'always', required: false };

export const rules: Readonly<Record<string, DiffRule>> = {
  userName: { ...plain, caseExact: false, writable: 'onCreate', required: true },
  title: plain,
  'emails.work': { ...plain, caseExact: false },
  costCenter: { ...plain, writable: 'never' },
  vip: { ...plain, type: 'boolean' },
  roles: { ...plain, type: 'set' },
  groups: { ...plain, type: 'set', caseExact: false },
};

export function buildColumn(attribute: string, difference: Partial<Column> = {}): Column {
  return column(attribute, attribute, difference);
}

/** Leavers are disabled at once and removed after 90 days; the feed is proven whole. */
export function buildSettings(difference: Partial<DiffSettings> = {}): DiffSettings {
  return {
    policy: {
      create: true,
      update: true,
      onLeave: 'keep',
      leavers: [
        { operation: 'disable', afterDays: 0 },
        { operation: 'remove', afterDays: 90 },
      ],
      witnessesApartMs: 4 * 3_600_000,
      rehire: 'reactivate',
      reuseLoginAfterMs: null,
      flapping: 'report',
      swaps: 'temporary',
      order: 'together',
    },
    feed: { name: '', mode: 'full' },
    columns: Object.keys(rules).map((name) => buildColumn(name)),
    rules,
    asOf,
    absence: { proven: true, feedSha256 },
    unlinked: 'conflict',
    remembers: (user) => ({ roles: user.attributes.roles ?? [] }),
    inDoubt: new Set(),
    bounds: unbounded,
    ...difference,
  };
}

export function buildPerson(attributes: Attributes = {}, difference: Partial<Person> = {}): Person {
  return {
    rows: [{ line: 2, cells: ['E1', 'ada@example.com'] }],
    key: 'E1',
    linkKey: 'e1',
    matchKey: 'ada@example.com',
    active: true,
    attributes: { userName: 'ada@example.com', title: 'Clerk', ...attributes },
    ...difference,
  };
}

export function buildUser(attributes: Attributes = {}, difference: Partial<User> = {}): User {
  return {
    id: 'u1',
    active: true,
    attributes: { userName: 'ada@example.com', title: 'Clerk', roles: ['Viewer'], groups: [], ...attributes },
    ...difference,
  };
}

export function accountOf(user: User, difference: Partial<Account> = {}): Account {
  return {
    ...user,
    linkKey: 'e1',
    key: 'E1',
    disabled: null,
    leaverSince: null,
    absent: null,
    ...difference,
  };
}

/** A person and the user who is linked to it. */
export function buildPair(
  person: Person,
  user: User | null,
  account: Partial<Account> | null = {},
): ComparedPerson {
  const known = user === null || account === null ? null : accountOf(user, account);
  return { person, user, account: known, conflict: null };
}

export function buildAbsent(account: Partial<Account> = {}, user: User = buildUser()): AbsentPerson {
  return { account: accountOf(user, account), user };
}
