import type { Need, Operation, Reason } from '../domain/change.ts';
import { identicalValue } from '../domain/comparison.ts';
import type { Person } from '../domain/person.ts';
import type { ActionColumn, Column, FeedSettings, Policy } from '../domain/settings.ts';
import type { Account, Attributes, User } from '../domain/user.ts';
import type { Bounds } from './bounds.ts';
import type { Compared } from './compare-attributes.ts';

/** What the diff has to know of an attribute; the provider's attribute rules have it. */
export interface DiffRule {
  readonly type: 'string' | 'boolean' | 'set';
  readonly caseExact: boolean;
  readonly writable: 'always' | 'onCreate' | 'never';
  readonly required: boolean;
}

/** What the comparison has to know of the feed that a person stands in, and of the job. */
export interface DiffSettings {
  readonly policy: Policy;
  /** The feed's name, '' where the job has one, and whether it names everybody. */
  readonly feed: Pick<FeedSettings, 'name' | 'mode'>;
  readonly columns: readonly Column[];
  readonly rules: Readonly<Record<string, DiffRule>>;
  /** The moment that the run speaks of, ISO 8601: days since somebody left are counted up to it. */
  readonly asOf: string;
  /**
   * What the feed's absences are worth: `null` when nobody's absence means anything. Where the absence from several
   * feeds counts, `feedSha256` holds the hash of each, joined by commas.
   */
  readonly absence: { readonly proven: boolean; readonly feedSha256: string } | null;
  /** What a delta may take from a user whom this job never linked. */
  readonly unlinked: ActionColumn['unlinked'];
  /** What has to be remembered when a user is disabled. */
  readonly remembers: (user: User) => Attributes;
  /** Lasting ids of people with an earlier write that nobody could settle. */
  readonly inDoubt: ReadonlySet<string>;
  readonly bounds: Bounds;
}

/** What one pair comes to. */
export interface Difference {
  readonly need: Need | null;
  /** The bucket of the person's rows; meaningless for a pair without rows. */
  readonly bucket: 'changed' | 'unchanged' | 'excluded';
  /** The account as it shall be remembered once the feed is accepted; null when nothing new is known. */
  readonly account: Account | null;
  /** Why a user keeps what a change would have written or taken, where one was called for. */
  readonly spared?: Spared;
  /** Attributes that somebody changed in the target, and which the report counts. */
  readonly drifted?: readonly string[];
  /** Attributes that others keep changing back. */
  readonly flapping?: readonly string[];
}

export type Spared = 'protected' | 'kept' | 'outsideScope';

export interface ComparedPerson {
  readonly person: Person;
  readonly account: Account | null;
  readonly user: User | null;
  readonly conflict: Reason | null;
  /** Why the person must not get a user although there is none. */
  readonly lookalike?: Reason;
}

export interface AbsentPerson {
  readonly account: Account;
  readonly user: User;
}

export const unchanged: Difference = { need: null, bucket: 'unchanged', account: null };
export const excluded: Difference = { need: null, bucket: 'excluded', account: null };

export function changed(need: Need, account: Account | null): Difference {
  return { need, bucket: 'changed', account };
}

/** What a person of the feed needs; nothing changes but what `more` says. */
export function needOf(
  person: Person,
  user: User | null,
  operation: Operation,
  { feed }: DiffSettings,
  more: Partial<Pick<Compared, 'before' | 'after' | 'conflict'>> = {},
): Need {
  return {
    operation,
    key: person.key,
    linkKey: person.linkKey,
    userId: user?.id ?? null,
    user,
    rows: person.rows,
    cause: 'feed',
    ...(feed.name === '' ? {} : { feed: feed.name }),
    before: more.before ?? {},
    after: more.after ?? {},
    remember: null,
    conflict: more.conflict ?? null,
  };
}

/** The account of a user who is this person. */
export function linkedAccount(
  account: Account | null,
  user: User,
  person: Person,
  { feed }: DiffSettings,
): Account {
  const { feed: known, ...rest } = account ?? { disabled: null, leaverSince: null, absent: null };
  const seenIn = feedSeenIn(feed, known);
  return {
    ...rest,
    id: user.id,
    active: user.active,
    attributes: user.attributes,
    linkKey: person.linkKey,
    key: person.key,
    ...(seenIn === undefined ? {} : { feed: seenIn }),
  };
}

/** A delta names people of other feeds, too: whoever a full feed has stays its own. */
function feedSeenIn({ name, mode }: DiffSettings['feed'], known: string | undefined): string | undefined {
  if (mode === 'delta' && known !== undefined) return known;
  return name === '' ? undefined : name;
}

/** The account when it differs from what the ledger knows, apart from values that any read brings anew. */
export function newsOf(account: Account, known: Account | null): Account | null {
  if (known === null) return account;
  const same =
    known.linkKey === account.linkKey &&
    known.key === account.key &&
    known.feed === account.feed &&
    known.leaverSince === account.leaverSince &&
    sameAttributes(known.agreed, account.agreed) &&
    known.absent?.feedSha256 === account.absent?.feedSha256 &&
    (known.disabled === null) === (account.disabled === null);
  return same ? null : account;
}

function sameAttributes(one: Attributes | undefined, other: Attributes | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => other[name] !== undefined && identicalValue(one[name], other[name]))
  );
}
