import type { z } from 'zod';
import type { Need, Operation, Outcome, Reason, Step } from '../domain/change.ts';
import type { Limits, Policy } from '../domain/settings.ts';
import type { Attributes, User } from '../domain/user.ts';

/** How an attribute may be written and is compared. */
export interface AttributeRule {
  readonly type: 'string' | 'boolean' | 'set';
  /** False when two spellings that differ in case are the same value to the target. */
  readonly caseExact: boolean;
  readonly writable: 'always' | 'onCreate' | 'never';
  /** True when the target refuses a create without it. */
  readonly required: boolean;
  readonly format?: 'email';
  readonly charactersMax?: number;
  /** Set where the target refuses a value that another user has: who gets it waits until that one has let go of it. */
  readonly unique?: true;
  /**
   * Set for an attribute that names another user, such as `manager`: the feed gives that person's lasting id, and
   * core hands on what `referenceTo` says of the user who is linked to it.
   */
  readonly reference?: true;
}

/** How far what an operation did can be made as it was, by the calls that the provider has. */
export interface Undo {
  readonly extent: 'full' | 'partly' | 'no';
  /** What is not as it was then, or why nothing is; null where all is. */
  readonly lost: string | null;
}

export interface Supports {
  readonly operations: readonly Operation[];
  /** One for each of these operations. */
  readonly undo: Readonly<Partial<Record<Operation, Undo>>>;
  /** False for a target that can only be asked for one user after the other: state then comes from look-ups. */
  readonly listAll: boolean;
  /** False when the list leaves users out; those known to the ledger are then completed by `unlisted`. */
  readonly listIsComplete: boolean;
  /**
   * Set where the list leaves users out and a look-up finds them: whoever the ledger or the feed names and the list
   * does not show is then looked up, and `unlisted` is for exported files only.
   */
  readonly lookUpUnlisted?: true;
  readonly lookUp: boolean;
  /** Whether a create takes the first password of a new user (`Item.initialPassword`). */
  readonly initialPassword: boolean;
}

/** For operations that leave nothing behind once they are undone. */
export const fullUndo: Undo = { extent: 'full', lost: null };

/** What a job asks of the provider, for `review`. */
export interface Asked {
  readonly policy: Pick<Policy, 'create' | 'update' | 'leavers'>;
  readonly attributes: readonly string[];
  /** True when the feed has a column with first passwords; its cells may be empty. */
  readonly initialPassword?: boolean;
}

/** Something about a job that only the provider knows to be wrong, or risky. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Path in the job file, such as `['policy', 'leavers']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The adapter for one vendor's API: what it can do, as data and pure functions, and how to connect. */
export interface Provider<Config = unknown> {
  readonly id: string;
  readonly title: string;
  /** Schema of what `target` holds beside provider, baseUrl, sandbox, limits and http. */
  readonly config: z.ZodType<Config>;
  readonly supports: Supports;
  /** Defaults; each number's source stands where the provider defines it. */
  readonly limits: Limits;
  readonly attributes: Readonly<Record<string, AttributeRule>>;
  /**
   * Other spellings of a CSV header that the vendor's own documents print, by the right one: a file with such a
   * header is read as if it had the right one, with a warning.
   */
  readonly headerAliases?: Readonly<Record<string, readonly string[]>>;
  /** The parts of this definition that a job's settings change, such as what it supports or its steps. */
  under?(config: Config): Partial<Omit<Provider<Config>, 'id' | 'config' | 'under'>>;
  /** What tells two targets at one address apart, such as a tenant's name; the ledger keeps their entries apart by it. */
  tenant?(config: Config): string;
  /** The id of the user whom this person's attributes would create, where that can be told beforehand; else null. */
  idOf(attributes: Attributes): string | null;
  /** What is wrong with a job that only the provider can know. */
  review(config: Config, asked: Asked): readonly Finding[];
  /**
   * The ordered calls that a need takes. `user` is the account as it is now, null for a create;
   * `restore` is what `remembers` returned when this job disabled the account; `wanted` is all that the feed says of
   * the person, unchanged values too, with null for what it clears; empty for somebody whom it does not name.
   */
  steps(need: Need, user: User | null, restore: Attributes | null, wanted: Attributes): readonly Step[];
  /** Why the target would refuse what a person needs, told before anything is sent; null when it would not. */
  objection?(need: Need): Reason | null;
  /** What has to be remembered when this user is disabled, so that enabling restores it. */
  remembers(user: User): Attributes;
  /** A listed user, with what lists never show as the ledger knows it; absent where they show everything. */
  listed?(user: User, known: User): User;
  /** What a user whom the ledger knows but the list leaves out looks like now. */
  unlisted(user: User): User;
  /** The user after a step succeeded; `user` is null before a create. Pure, for the ledger's last known values. */
  applied(step: Step, user: User | null, userId: string): User;
  /** Whether a write that is in doubt took effect, from what a look-up found; undefined: not found. */
  verdict(step: Step, found: User | undefined): 'applied' | 'notApplied' | 'cannotTell';
  /** True when sending the step twice does no harm, because "exists already", or "gone already", then counts as applied. */
  createOnly(step: Step): boolean;
  /**
   * For how many milliseconds the target remembers the `Item.key` of this step and what it answered, so that sending it
   * again gets the same answer and does nothing more. Then core sends again what nobody can look up, for so long since
   * the first attempt and never after. Absent or 0: not at all.
   */
  keyLifetimeMs?(step: Step): number;
  /** How this target names a user in an attribute of another; needed when an attribute rule says `reference`. */
  referenceTo?(user: User): string | null;
  connect(config: Config, tools: Tools): Promise<Connection>;
}

/** Whom a look-up is for: by id where it is known, else by what tells people apart (login, e-mail). */
export interface Sought {
  /** Null for a user whom the target has not given an id yet. */
  readonly userId: string | null;
  /** All that is known of the user, what the feed wants of it included. */
  readonly attributes: Attributes;
}

/** One step on its way to the target. */
export interface Item extends Sought {
  readonly step: Step;
  /**
   * The same however often this step of this change of this run is sent, and no other step's; it tells nothing of
   * anybody. Absent where the target remembers none: see `keyLifetimeMs`.
   */
  readonly key?: string;
  /**
   * Set where it is sent again though nobody knows whether it took effect, because the target remembers `key`: it must
   * not leave at this moment or later, in milliseconds since 1970. A provider hands it on to `request`.
   */
  readonly leaveBefore?: number;
  /**
   * The first password of the user that this step creates, where the feed gives one: it goes into the request and
   * nowhere else. Absent for every other step; without it the provider's own settings say what a new user gets.
   */
  readonly initialPassword?: string;
}

/** The target took the write and works on it: core asks again until the outcome is final. */
export interface Pending {
  readonly result: 'pending';
  /** Milliseconds to wait before `check`. */
  readonly checkAfterMs: number;
  /** Asks the target what became of it; throws as `write` does. */
  check(): Promise<Outcome | Pending>;
}

export interface Connection {
  /** All users that the target lists, in pages, with bounded memory. Throws where `supports.listAll` is false. */
  readUsers(): AsyncIterable<readonly User[]>;
  /** The users as the target has them now, in the order asked; undefined for one that it does not show. */
  lookUp(sought: readonly Sought[]): Promise<readonly (User | undefined)[]>;
  /** Bytes that the request for these items would have: batches are cut by it. Null where one item is one request. */
  bodyBytes(item: Item): number;
  /**
   * Sends items of one action and subject in one request, or, where the vendor replaces whole resources, in as many
   * as one item needs; exactly one outcome per item, in order.
   * Throws a `TargetFailure` when the answer is not about single items.
   */
  write(items: readonly Item[]): Promise<readonly (Outcome | Pending)[]>;
  /** The id of the account that signs in, folded as ids are: it is never written. Null when unknown. */
  readonly ownId: string | null;
  close(): Promise<void>;
}

export interface HttpRequest {
  /** Another configured host than the target's, such as the one that issues tokens; the target's when absent. */
  readonly baseUrl?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the base URL, beginning with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** True for a request that changes nothing: core may repeat it. */
  readonly safe: boolean;
  /** How many records it carries, for limits that count records; 1 when absent. */
  readonly records?: number;
  /** The longest answer that is read; 16 MiB when absent. */
  readonly answerBytesMax?: number;
  /** Total time for this request in milliseconds; the limits' `requestTimeoutMs` when absent. */
  readonly timeoutMs?: number;
  /** It must not leave at this moment or later (`Item.leaveBefore`): then it counts as `unanswered`. */
  readonly leaveBefore?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; several values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in chunks. It must be read to its end, or `text` called. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body as UTF-8 text. */
  text(): Promise<string>;
}

/**
 * What core hands to a connection. Every request of a provider goes through `request`: it holds the rate, the
 * deadline and the byte cap, and it is the one place where requests are repeated. A request that was certainly not
 * taken (`unsent`, or `throttled` by 429) is sent again; a safe one also when no whole answer came, and after 502, 503
 * and 504. While the target is out, all requests wait. It throws a `TargetFailure` for what is no answer: `unanswered`,
 * `misconfigured` (a redirect, which is never followed), and, once it has given up, `unsent`, `throttled` and
 * `unavailable`. Every other status is an answer for the provider to judge.
 */
export interface Tools {
  /** The target's address, for providers that compare addresses they are given with it. */
  readonly baseUrl: string;
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** The secret behind a reference such as `env:NAME` or `file:PATH`, read anew. */
  secret(reference: string): Promise<string>;
  readonly now: () => number;
}
