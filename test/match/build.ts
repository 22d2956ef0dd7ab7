import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ComparisonRule } from '../../src/domain/comparison.ts';
import type { DuplicateRow, ExcludedRow, Person, QuarantinedRow } from '../../src/domain/person.ts';
import type { OnePerson } from '../../src/domain/settings.ts';
import type { Account, User } from '../../src/domain/user.ts';
import type { AbsentPair, PersonPair } from '../../src/match/pair.ts';
import { type Matching, openMatching } from '../../src/match/open-matching.ts';
import type { FeedRules, RowRules } from '../../src/match/several-rows.ts';
import { column } from '../feed/feeds.ts';

// Builders of valid entries: a test states only what is different.

/** The person with employee number `E<n>` and login `p<n>@example.com`, on line `n + 1`. */
export function buildPerson(n: number, difference: Partial<Person> = {}): Person {
  const userName = `p${n}@example.com`;
  return {
    rows: [{ line: n + 1, cells: [`E${n}`, userName] }],
    key: `E${n}`,
    linkKey: `E${n}`,
    matchKey: userName,
    active: true,
    attributes: { userName, title: 'Clerk' },
    ...difference,
  };
}

/** The user whom `buildPerson(n)` would find by login. */
export function buildUser(n: number, difference: Partial<User> = {}): User {
  return {
    id: `u${n}`,
    active: true,
    attributes: { userName: `p${n}@example.com`, title: 'Clerk' },
    ...difference,
  };
}

/** The same user as the ledger remembers it, linked to `buildPerson(n)`. */
export function buildAccount(n: number, difference: Partial<Account> = {}): Account {
  return {
    ...buildUser(n),
    linkKey: `E${n}`,
    key: `E${n}`,
    disabled: null,
    leaverSince: null,
    absent: null,
    ...difference,
  };
}

export function buildMention(linkKey: string | null, matchKey: string | null): QuarantinedRow {
  return {
    row: { line: 99, cells: [] },
    code: 'BAD_VALUE',
    column: null,
    message: 'The cell cannot be taken.',
    linkKey,
    matchKey,
  };
}

export interface Sides {
  readonly people?: readonly Person[];
  readonly mentioned?: readonly (QuarantinedRow | ExcludedRow)[];
  /** Position of the feed that they stand in. */
  readonly mentionedIn?: number;
  readonly accounts?: readonly Account[];
  readonly users?: readonly User[];
  /** The job's feeds; one that says nothing of several rows by default. */
  readonly feeds?: readonly FeedRules[];
  /** Set for a provider whose list leaves users out. */
  readonly unlisted?: (user: User) => User;
}

/** Both sides of a comparison, staged and indexed. */
export interface Staged {
  readonly matching: Matching;
  /** Rows set aside because of others that name the same person, in the order of their lines. */
  readonly duplicates: readonly QuarantinedRow[];
  /** Rows that lost to another one of the same person, in the order of their lines. */
  readonly losers: readonly DuplicateRow[];
  remove(): void;
}

const caseIgnored: ComparisonRule = { caseExact: false };

/** A feed whose columns are named like their attributes. */
export function buildFeedRules(
  onePerson: OnePerson | null = null,
  difference: Partial<FeedRules> = {},
): FeedRules {
  const columns = ['userName', 'title', 'groups', 'active'].map((name) => column(name, `Column of ${name}`));
  return { name: '', columns, onePerson, action: null, ...difference };
}

export const rowRules: RowRules = {
  match: ['userName'],
  attributes: { userName: caseIgnored, title: { caseExact: true }, groups: caseIgnored },
  feeds: [buildFeedRules()],
};

/** @param attributes in place of those of `rowRules` */
export function stage(sides: Sides, attributes: RowRules['attributes'] = rowRules.attributes): Staged {
  const root = mkdtempSync(path.join(tmpdir(), 'rollcall-match-'));
  const { feeds = rowRules.feeds } = sides;
  const matching = openMatching(path.join(root, 'staging'), { ...rowRules, attributes, feeds });
  const remove = (): void => {
    matching.close();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    return { matching, ...fill(matching, sides), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function fill(matching: Matching, sides: Sides): Pick<Staged, 'duplicates' | 'losers'> {
  matching.addPeople(sides.people ?? []);
  matching.addMentioned(sides.mentioned ?? [], sides.mentionedIn);
  matching.addAccounts(sides.accounts ?? []);
  matching.addUsers(sides.users ?? []);
  if (sides.unlisted !== undefined) matching.completeUnlisted(sides.unlisted);
  matching.index();
  const aside = [...matching.unitePeople()];
  return {
    duplicates: byLine(aside.flatMap(({ quarantined }) => quarantined)),
    losers: byLine(aside.flatMap(({ duplicates }) => duplicates)),
  };
}

function byLine<Entry extends { readonly row: { readonly line: number } }>(
  entries: readonly Entry[],
): readonly Entry[] {
  return entries.toSorted((one, other) => one.row.line - other.row.line);
}

/** What a staged comparison comes to, with the scratch file gone. */
export function staged<Result>(sides: Sides, read: (staged: Staged) => Result): Result {
  const made = stage(sides);
  try {
    return read(made);
  } finally {
    made.remove();
  }
}

export function pairsOf(sides: Sides): readonly PersonPair[] {
  return staged(sides, ({ matching }) => [...matching.people()]);
}

export function absentOf(sides: Sides): readonly AbsentPair[] {
  return staged(sides, ({ matching }) => [...matching.absent()]);
}
