import type { WrittenLately } from './bounds.ts';

/** An attribute's value: text, a yes or no, or an unordered set of texts (roles, groups, further e-mails). */
export type Value = string | boolean | readonly string[];

/**
 * Attributes by their SCIM name (`userName`, `name.givenName`, `emails.work`, `roles` …).
 * An absent name says nothing about the attribute; `null` says that it has, or shall have, no value.
 */
export type Attributes = Readonly<Record<string, Value | null>>;

/** The account as the target has it now. */
export interface User {
  /** The target's own lasting id, folded where the target's ids ignore case; the login where it has no other. */
  readonly id: string;
  readonly active: boolean;
  readonly attributes: Attributes;
}

/**
 * What the ledger remembers of one user of a target: the last values read from it or written to it, and,
 * once the user is linked to a person of the feed, what the job did with it.
 */
export interface Account extends User {
  /** The linked person's lasting id as it is compared; null while the user is unmanaged. */
  readonly linkKey: string | null;
  /** That id as the feed spells it, for people to read. */
  readonly key: string | null;
  /** Set while the account is disabled by this job: when, and what enabling it has to give back. */
  readonly disabled: { readonly at: string; readonly restore: Attributes } | null;
  /** `asOf` of the first run that saw the person leave; null for those who stay. */
  readonly leaverSince: string | null;
  /** The accepted full feed in which the person was first missing: the first of the two witnesses of an absence. */
  readonly absent: { readonly feedSha256: string; readonly at: string } | null;
  /** Name of the feed in which the person was last seen; absent where the job has one feed, or never told. */
  readonly feed?: string;
  /** The values that feed and target had in common last, of attributes whose drift is not simply overwritten. */
  readonly agreed?: Attributes;
  /** What updates of the last days wrote, by attribute. */
  readonly written?: Readonly<Record<string, WrittenLately>>;
}
