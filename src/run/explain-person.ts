import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { Bar, ChangeInRun, Ledger, Protection, Run } from '../contracts/ledger.ts';
import type { Difference } from '../diff/difference.ts';
import type { Change } from '../domain/change.ts';
import { fold } from '../domain/comparison.ts';
import { Failure } from '../domain/failure.ts';
import type { DuplicateRow, ExcludedRow, Person, QuarantinedRow } from '../domain/person.ts';
import type { Account, Attributes, User } from '../domain/user.ts';
import type { Guard } from '../guard/guard.ts';
import type { Job } from '../job/job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { type Matching, openMatching } from '../match/open-matching.ts';
import type { AbsentPair, PersonPair } from '../match/pair.ts';
import { isInForce } from './bounds.ts';
import { chooseSelected, everything } from './choice.ts';
import { connectTarget, type Target } from './connect-target.ts';
import { FeedDelivery } from './feed-delivery.ts';
import type { OpenRun } from './open-run.ts';
import { planRun } from './plan-run.ts';
import { stagingFolder } from './staging-folder.ts';
import type { World } from './world.ts';

export interface ToExplain {
  /** Lasting id, as the feed spells it or as it is compared, or the value of a match attribute. */
  readonly key: string;
  /** The moment to plan for; the clock's time when null. */
  readonly asOf: string | null;
  /** True asks the ledger in place of the target. */
  readonly offline: boolean;
  /** Changes of earlier runs, at most. */
  readonly historyMax: number;
}

/** Everything that is known of one person, and what a plan of today makes of it. */
export interface ExplainedPerson {
  /** Null for a user of the target who is linked to nobody, and for a row whose person cannot be told. */
  readonly linkKey: string | null;
  readonly key: string | null;
  readonly feed: {
    /** What the rows say, folded; null where the feed names nobody so, or not in a row that counts. */
    readonly person: Pick<Person, 'rows' | 'active' | 'onLeave' | 'actions' | 'attributes' | 'feed'> | null;
    readonly quarantined: readonly QuarantinedRow[];
    readonly duplicates: readonly DuplicateRow[];
    readonly excluded: readonly ExcludedRow[];
  };
  readonly target: { readonly user: User | null; readonly foundBy: PersonPair['by'] };
  readonly ledger: {
    readonly account: Account | null;
    readonly protection: Protection | null;
    readonly bar: Bar | null;
  };
  readonly plan: {
    /** Null where nothing would be done. */
    readonly change: Change | null;
    /** What the comparison came to; null for somebody who was not compared. */
    readonly difference: Omit<Difference, 'need'> | null;
  };
  readonly history: readonly ChangeInRun[];
}

export interface Explanation {
  readonly job: string;
  readonly target: string;
  readonly asOf: string;
  readonly source: 'target' | 'ledger' | 'file';
  readonly people: readonly ExplainedPerson[];
  /** Keys of others that are spelt alike, when nobody was found. */
  readonly nearest: readonly string[];
  /** Guards that hold today's plan as a whole. */
  readonly held: readonly Guard[];
  /** False when no feed waited to be read. */
  readonly readFeed: boolean;
  /** Rows that were set aside and do not say whom they name. */
  readonly nameless: number;
  readonly leavers: Job['policy']['leavers'];
  readonly witnessesApartMs: number;
}

/**
 * Makes today's plan as `plan` does, and keeps of it what is about one person. Nothing is written: neither to the target
 * nor to the ledger, and the plan itself lies in a scratch folder that is gone at the end.
 */
export async function explainPerson(job: Job, asked: ToExplain, world: World): Promise<Explanation> {
  const startedAt = new Date(world.clock.now()).toISOString();
  const scope = { job: job.name, origin: job.target.origin };
  const scratch = `${stagingFolder(job, scope)}-explain-${world.pid}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const ledger = await openForReading(job, scratch);
  const matching = openMatching(path.join(scratch, 'match'), {
    match: job.match,
    attributes: job.target.provider.attributes,
    feeds: job.feeds,
  });
  const feeds = new FeedDelivery([job], world);
  let target: Target | null = null;
  try {
    const run = runOf(startedAt, asked, scope, world);
    const watch = new Watch(asked.key, job);
    const open: OpenRun = {
      run,
      scope,
      ledger: watch.ledger(ledger),
      memory: await ledger.scope(scope),
      directory: scratch,
      close: async () => undefined,
    };
    const given = await feeds.next(job, ledger);
    const connect = async (): Promise<Target> => {
      target = asked.offline ? unreached(job) : await connectTarget(job, world);
      return target;
    };
    const bars = await ledger.bars(scope);
    const source = asked.offline ? 'ledger' : job.state.from;
    const parts = {
      ...{ selection: everything, choice: chooseSelected(everything) },
      ...{ reviewed: null, bar: null, bars, revert: null },
    };
    const files = given?.files ?? null;
    const toPlan = {
      parts,
      files,
      source,
      connect,
      inDoubt: await doubtsOf(ledger, scope),
      observe: watch.observe,
    };
    const { plan } = await planRun(job, open, watch.matching(matching), toPlan, world);
    const protections = await ledger.protections(scope);
    const people: ExplainedPerson[] = [];
    for (const found of watch.found()) {
      const isTheirs = (one: { readonly linkKey: string }): boolean => one.linkKey === found.linkKey;
      const protection = protections.find((one) => isTheirs(one) && isInForce(one, run.asOf)) ?? null;
      const history =
        found.linkKey === null ? [] : await ledger.history(scope, found.linkKey, asked.historyMax);
      const known = { account: found.account, protection, bar: bars.find(isTheirs) ?? null };
      const { account: _, ...rest } = found;
      people.push({ ...rest, ledger: known, history });
    }
    return {
      ...{ job: job.name, target: job.target.name, asOf: run.asOf, source, people },
      nearest: people.length === 0 ? watch.nearest() : [],
      held: plan.guards.filter(({ tripped }) => tripped),
      readFeed: files !== null,
      nameless: watch.nameless(),
      leavers: job.policy.leavers,
      witnessesApartMs: job.policy.witnessesApartMs,
    };
  } finally {
    world.progress.end();
    matching.close();
    await feeds.close();
    await (target as Target | null)?.close();
    await ledger.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Before the first run there is no ledger: an empty one in the scratch folder says the same. */
async function openForReading(job: Job, scratch: string): Promise<Ledger> {
  try {
    return await openLedger(job.ledger, { readOnly: true });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'LEDGER_MISSING') throw error;
    return openLedger(path.join(scratch, 'empty.db'));
  }
}

function runOf(startedAt: string, { asOf }: ToExplain, scope: Run['scope'], world: World): Run {
  const { pid, host, operator } = world;
  return {
    ...{ id: 'explain', scope, mode: 'plan', state: 'running', startedAt, finishedAt: null },
    ...{ asOf: asOf ?? startedAt, pid, host, operator, exitCode: null, facts: null },
  };
}

/** An apply would look these up first; whoever only explains leaves them as they are. */
async function doubtsOf(ledger: Ledger, scope: Run['scope']): Promise<ReadonlySet<string>> {
  const people = new Set<string>();
  for (const { id } of await ledger.openRuns(scope)) {
    for await (const steps of ledger.openSteps(id))
      for (const { change } of steps) people.add(change.linkKey);
  }
  return people;
}

/** A target that nobody asks. */
function unreached(job: Job): Target {
  const notAsked = (): never => {
    throw new Error('Nobody asks the target offline.');
  };
  return {
    provider: job.target.provider,
    connection: {
      readUsers: notAsked,
      lookUp: notAsked,
      bodyBytes: notAsked,
      write: notAsked,
      ownId: null,
      close: async () => undefined,
    },
    baseUrl: job.target.origin,
    traffic: () => ({ requests: 0, waitedMs: 0 }),
    close: async () => undefined,
  };
}

type Found = Omit<ExplainedPerson, 'ledger' | 'history'> & { readonly account: Account | null };

const nearestMax = 3;

/** Looks on while a plan is made, and keeps what is about the person who is asked for. */
class Watch {
  readonly #key: string;
  readonly #folded: ReadonlySet<string>;
  readonly #match: readonly string[];
  readonly #rules: Job['target']['provider']['attributes'];
  readonly #linkKeys = new Set<string>();
  readonly #pairs: { readonly pair: PersonPair | AbsentPair; difference: Difference | null }[] = [];
  readonly #users: User[] = [];
  readonly #accounts: Account[] = [];
  readonly #quarantined: QuarantinedRow[] = [];
  readonly #duplicates: DuplicateRow[] = [];
  readonly #excluded: ExcludedRow[] = [];
  readonly #changes: Change[] = [];
  #nameless = 0;
  #near: { readonly key: string; readonly apart: number }[] = [];
  /** Set while the person's own pair is the one that is compared. */
  #current: { difference: Difference | null } | null = null;

  constructor(key: string, job: Job) {
    this.#key = key.normalize('NFC');
    this.#match = job.match;
    this.#rules = job.target.provider.attributes;
    this.#folded = new Set(job.match.map((name) => fold(key, this.#rules[name])));
  }

  readonly observe = (difference: Difference): void => {
    if (this.#current !== null) this.#current.difference = difference;
  };

  /** The ledger as it is read; what a plan would write to it goes nowhere. */
  ledger(ledger: Ledger): Ledger {
    return {
      ...ledger,
      storeQuarantine: async (_, rows) => {
        this.#nameless += rows.filter(
          ({ linkKey, matchKey }) => linkKey === null && matchKey === null,
        ).length;
        this.#quarantined.push(...rows.filter((row) => this.#isNamed(row)));
      },
      storeDuplicates: async (_, rows) => {
        this.#duplicates.push(...rows.filter(({ key }) => this.#isKey(key) || this.#linkKeys.has(key)));
      },
      storeChanges: async (_, changes) => {
        this.#changes.push(...changes.filter((change) => this.#linkKeys.has(change.linkKey)));
      },
      notePlan: async () => undefined,
    };
  }

  matching(matching: Matching): Matching {
    return {
      ...matching,
      addPeople: (people) => {
        for (const person of people) this.#meet(person);
        matching.addPeople(people);
      },
      addMentioned: (rows, feed) => {
        for (const row of rows) if ('reason' in row && this.#isNamed(row)) this.#excluded.push(row);
        matching.addMentioned(rows, feed);
      },
      addAccounts: (accounts) => {
        for (const account of accounts) this.#meetAccount(account);
        matching.addAccounts(accounts);
      },
      addUsers: (users) => {
        this.#users.push(...users.filter((user) => this.#isUser(user) || this.#isKnown(user)));
        matching.addUsers(users);
      },
      people: () => this.#watched(matching.people()),
      absent: () => this.#watched(matching.absent()),
    };
  }

  /** Everybody who was found, each with what is about them. */
  found(): readonly Found[] {
    const found = this.#pairs.map(({ pair, difference }) => this.#foundPair(pair, difference));
    const linkKeys = new Set(found.map(({ linkKey }) => linkKey));
    const userIds = new Set(found.map(({ target }) => target.user?.id));
    for (const account of this.#accounts) {
      if (account.linkKey === null || linkKeys.has(account.linkKey)) continue;
      linkKeys.add(account.linkKey);
      userIds.add(account.id);
      found.push(this.#foundAlone(account, this.#users.find(({ id }) => id === account.id) ?? null));
    }
    for (const user of this.#users) if (!userIds.has(user.id)) found.push(this.#foundAlone(null, user));
    if (found.length > 0 || this.#quarantined.length + this.#excluded.length === 0) return found;
    return [this.#foundAlone(null, null)];
  }

  nameless(): number {
    return this.#nameless;
  }

  nearest(): readonly string[] {
    return this.#near.map(({ key }) => key);
  }

  *#watched<Pair extends PersonPair | AbsentPair>(pairs: Generator<Pair>): Generator<Pair> {
    for (const pair of pairs) {
      if (this.#isPair(pair)) {
        const entry = { pair, difference: null };
        this.#pairs.push(entry);
        this.#linkKeys.add(pair.kind === 'person' ? pair.person.linkKey : (pair.account.linkKey ?? ''));
        this.#current = entry;
      }
      yield pair;
      this.#current = null;
    }
  }

  #isPair(pair: PersonPair | AbsentPair): boolean {
    const { account, user } = pair;
    const linkKey = pair.kind === 'person' ? pair.person.linkKey : account?.linkKey;
    if (linkKey != null && (this.#linkKeys.has(linkKey) || this.#isKey(linkKey))) return true;
    if (user !== null && this.#isUser(user)) return true;
    return pair.kind === 'person' && this.#isPerson(pair.person);
  }

  #isPerson({ key, linkKey, matchKey }: Pick<Person, 'key' | 'linkKey' | 'matchKey'>): boolean {
    return this.#isKey(key) || this.#isKey(linkKey) || this.#isMatchKey(matchKey);
  }

  #isNamed({ linkKey, matchKey }: Pick<QuarantinedRow, 'linkKey' | 'matchKey'>): boolean {
    if (linkKey !== null && (this.#isKey(linkKey) || this.#linkKeys.has(linkKey))) return true;
    return matchKey !== null && this.#isMatchKey(matchKey);
  }

  #isUser({ id, attributes }: User): boolean {
    return id === this.#key || this.#isMatch(attributes);
  }

  /** Whether the account of a person who was met is this user: accounts come before users. */
  #isKnown({ id }: User): boolean {
    return this.#accounts.some((account) => account.id === id);
  }

  #isMatch(attributes: Attributes): boolean {
    return this.#match.some((name) => {
      const value = attributes[name];
      return typeof value === 'string' && this.#folded.has(fold(value, this.#rules[name]));
    });
  }

  #isKey(key: string): boolean {
    return key.normalize('NFC') === this.#key;
  }

  #isMatchKey(matchKey: string): boolean {
    return matchKey.split('\u001f').some((part) => this.#folded.has(part));
  }

  #meet(person: Person): void {
    if (this.#isPerson(person)) this.#linkKeys.add(person.linkKey);
    else this.#compareKey(person.key);
  }

  #meetAccount(account: Account): void {
    const { key, linkKey } = account;
    const isSought = linkKey !== null && (this.#linkKeys.has(linkKey) || this.#isKey(linkKey));
    if (isSought || (key !== null && this.#isKey(key)) || this.#isUser(account)) {
      this.#accounts.push(account);
      if (linkKey !== null) this.#linkKeys.add(linkKey);
    } else if (key !== null) this.#compareKey(key);
  }

  #compareKey(key: string): void {
    const apart = distance(key.toLowerCase(), this.#key.toLowerCase());
    if (apart > Math.max(1, Math.floor(this.#key.length / 3))) return;
    if (this.#near.some((one) => one.key === key)) return;
    this.#near = [...this.#near, { key, apart }]
      .sort((one, other) => one.apart - other.apart || (one.key < other.key ? -1 : 1))
      .slice(0, nearestMax);
  }

  #rowsOf(linkKey: string | null): Pick<Found['feed'], 'quarantined' | 'duplicates' | 'excluded'> {
    const isTheirs = (row: { readonly linkKey: string | null }): boolean =>
      linkKey === null || row.linkKey === null || row.linkKey === linkKey;
    return {
      quarantined: this.#quarantined.filter(isTheirs),
      duplicates: this.#duplicates.filter(({ key }) => linkKey === null || key.normalize('NFC') === linkKey),
      excluded: this.#excluded.filter(isTheirs),
    };
  }

  #foundPair(pair: PersonPair | AbsentPair, difference: Difference | null): Found {
    const { account, user } = pair;
    const person = pair.kind === 'person' ? pair.person : null;
    const linkKey = person?.linkKey ?? account?.linkKey ?? null;
    const { need: _, ...rest } = difference ?? { need: null };
    return {
      linkKey,
      key: person?.key ?? account?.key ?? null,
      feed: { person, ...this.#rowsOf(linkKey) },
      target: { user, foundBy: pair.kind === 'person' ? pair.by : 'link' },
      plan: {
        change: this.#changes.find((change) => change.linkKey === linkKey) ?? null,
        difference: difference === null ? null : (rest as Omit<Difference, 'need'>),
      },
      account,
    };
  }

  #foundAlone(account: Account | null, user: User | null): Found {
    const linkKey = account?.linkKey ?? null;
    return {
      linkKey,
      key: account?.key ?? null,
      feed: { person: null, ...this.#rowsOf(linkKey) },
      target: { user, foundBy: null },
      plan: { change: null, difference: null },
      account,
    };
  }
}
