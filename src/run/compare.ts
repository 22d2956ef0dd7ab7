import { agreesWithBar, diffBarred, diffBarredPerson } from '../diff/diff-barred.ts';
import { unbounded } from '../diff/bounds.ts';
import { diffAbsent, diffPerson } from '../diff/diff-pair.ts';
import { type Difference, type DiffSettings, unchanged } from '../diff/difference.ts';
import { saidOfSpared } from '../diff/spare.ts';
import type { Need } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Column } from '../domain/settings.ts';
import type { Account, Attributes } from '../domain/user.ts';
import type { PeopleCounts } from '../guard/judge-guards.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { PlannedNeed } from '../match/order-changes.ts';
import type { AbsentPair, PersonPair } from '../match/pair.ts';
import type { RunBounds } from './bounds.ts';
import { type Choice, chooseSelected, everything } from './choice.ts';
import type { Target } from './connect-target.ts';
import { type Findings, findingsCounter } from './count-findings.ts';
import { peopleCounter } from './count-people.ts';
import type { RowCounts } from './facts.ts';
import { feedsOfPeople } from './feeds-of-people.ts';
import { type Referring, referenceNeed, waitingSteps } from './references.ts';
import { stepsAside } from './step-aside.ts';
import type { TakenFeeds } from './take-feed.ts';
import { turnEvery } from './turns.ts';

export interface Comparison {
  readonly rows: RowCounts;
  /** People as the guards count them, held absences left out. */
  readonly people: PeopleCounts;
  /** True when leavers by absence are held, because a row's person could not be read. */
  readonly absencesHeld: boolean;
  /** True when leavers by status are held too: of several rows of a person, the one that counts may be that row. */
  readonly statusesHeld: boolean;
  /** How many leavers by absence there are. */
  readonly fromAbsence: number;
  /** References to people who have no user and will have none: the old values stay. */
  readonly unresolvedReferences: number;
  /** Lasting ids of people who were barred, and whom the feed takes for leavers itself by now. */
  readonly liftedBars: readonly string[];
  /** Those of people who are barred, and whom nothing may reach: protected, kept as they are, or out of scope. */
  readonly sparedBars: readonly string[];
  /** How many leave only because the run trusts an absence that nothing proves. */
  readonly trustedAbsences: number;
  readonly findings: Findings;
}

export type Observe = (difference: Difference) => void;

/** What the feed says of somebody: its attributes, and the references that wait. */
interface Said {
  readonly says: Attributes;
  readonly waiting: Referring['waiting'];
}

const nothingSaid: Said = { says: {}, waiting: {} };

/** What is compared, and how. */
export type CompareInputs = Omit<TakenFeeds, 'quarantined'> & {
  readonly setAside: Pick<RowCounts, 'quarantined' | 'duplicates' | 'excluded'>;
  readonly asOf: string;
  /** The clock's time, ISO 8601; `asOf` when absent. */
  readonly now?: string;
  readonly inDoubt: ReadonlySet<string>;
  /** Which of the changes the run is about; all of them when absent. */
  readonly choice?: Choice;
  /** Lasting ids of people who were disabled by key. */
  readonly bars?: ReadonlySet<string>;
  /** Whether an absence counts that nothing proves; a person has to approve such a plan. */
  readonly trustsAbsences?: boolean;
  /** Whom the run may touch; everybody when absent. */
  readonly bounds?: RunBounds;
  /** Told of what each pair came to, while it is the last one that was read. */
  readonly observe?: Observe;
};

/** Compares everybody, one by one, and stages what they need. */
export function compare(job: Job, target: Target, matching: Matching, inputs: CompareInputs): Comparison {
  const everybody = comparing(job, target, matching, inputs);
  for (;;) {
    const next = everybody.next();
    if (next.done === true) return next.value;
  }
}

/** The same for a run, which has to hear signals meanwhile: waits for `turn` after so many people. */
export async function compareInTurns(
  job: Job,
  target: Target,
  matching: Matching,
  inputs: CompareInputs,
  turn: () => Promise<void>,
): Promise<Comparison> {
  const everybody = comparing(job, target, matching, inputs);
  for (;;) {
    const next = everybody.next();
    if (next.done === true) return next.value;
    await turn();
  }
}

/** Pauses after so many people. */
function* comparing(
  job: Job,
  target: Target,
  matching: Matching,
  inputs: CompareInputs,
): Generator<void, Comparison> {
  const { provider } = target;
  const { feeds, choice = chooseSelected(everything), bars = new Set() } = inputs;
  const { bounds = { ...unbounded, protections: [] } } = inputs;
  const found = findingsCounter();
  const { trustsAbsences = false } = inputs;
  const liftedBars: string[] = [];
  const sparedBars: string[] = [];
  let trustedAbsences = 0;
  const buckets = { ...inputs.setAside, unchanged: 0, changed: 0 };
  const guarded = { rules: provider.attributes, match: job.match };
  const people = peopleCounter(guarded, matching.recent, inputs.now ?? inputs.asOf);
  const unreadable = matching.unreadableFeeds();
  const absencesHeld = unreadable.size > 0;
  const statusesHeld = [...unreadable].some(
    (position) => feeds[position]?.settings.onePerson?.kind === 'prefer',
  );
  const ofPeople = feedsOfPeople(job, provider, matching, { ...inputs, unreadable, bounds });
  let fromAbsence = 0;
  let unresolvedReferences = 0;
  const add = (planned: PlannedNeed): 'changed' => {
    const { need } = planned;
    matching.addChange(planned);
    if (need.cause === 'absence') fromAbsence += 1;
    if (!isHeld(need, { absencesHeld, statusesHeld })) people.add(need);
    return 'changed';
  };
  /** A need that takes no call at all, such as taking roles from somebody who has none, is none. */
  const stage = (wanted: Need, account: Account | null, { says, waiting }: Said): Difference['bucket'] => {
    const conflict = wanted.conflict ?? provider.objection?.(wanted) ?? null;
    const restore = account?.disabled?.restore ?? null;
    if (conflict !== null) return choose({ need: { ...wanted, conflict }, steps: [] });
    const waits = waitingSteps(provider, wanted, waiting, says);
    const steps = [...provider.steps(wanted, wanted.user, restore, says), ...waits];
    if (steps.length === 0) return 'unchanged';
    const aside = job.policy.swaps === 'temporary' ? stepsAside(wanted, provider, says) : undefined;
    return choose({ need: wanted, steps, ...(aside === undefined ? {} : { aside: [...aside, ...waits] }) });
  };
  const choose = (planned: PlannedNeed): Difference['bucket'] => {
    const chosen = choice.take(planned);
    return chosen === null ? 'excluded' : add(chosen);
  };
  /** What the run was to do for somebody who needs nothing now is that person's conflict. */
  const missed = (linkKey: string, userId: string | null): 'changed' | null => {
    const gone = choice.gone(linkKey, userId);
    return gone === null ? null : add(gone);
  };
  const take = (
    difference: Difference,
    need: Need | null,
    account: Account | null,
    said: Said = nothingSaid,
  ): Difference['bucket'] => {
    const bucket = need === null ? difference.bucket : stage(need, account, said);
    found.add(difference);
    inputs.observe?.({ ...difference, bucket });
    // A run about a part is no witness of anybody but those whom it is about.
    if (difference.account !== null && (bucket === 'changed' || !choice.isPartial)) {
      matching.remember(difference.account);
    }
    return bucket;
  };
  const isBarred = (person: Person): boolean => {
    if (!bars.has(person.linkKey)) return false;
    const agrees = agreesWithBar(person);
    if (agrees) liftedBars.push(person.linkKey);
    return !agrees;
  };
  const takePerson = (pair: PersonPair): Difference['bucket'] => {
    if (ofPeople.isLeftAlone(pair)) return 'excluded';
    const { settings, resolve } = ofPeople.of(pair.person);
    const { person, waiting, unresolved } = resolve(pair.person);
    if (isBarred(person)) {
      const barred = diffBarredPerson({ ...pair, person }, settings);
      if (barred.spared !== undefined) sparedBars.push(person.linkKey);
      return take(barred, barred.need, pair.account);
    }
    unresolvedReferences += unresolved;
    const difference = diffPerson({ ...pair, person }, settings);
    const stays = person.active && pair.user?.active === true && job.policy.update;
    const mayRefer = stays && difference.bucket !== 'excluded' && bounds.isInScope(pair.user);
    const refers = mayRefer && Object.keys(waiting).length > 0;
    const need = difference.need ?? (refers ? referenceNeed(person, pair.user) : null);
    const takesSteps = need !== null && ['create', 'update', 'enable'].includes(need.operation);
    const isNew = pair.user === null;
    const says = isNew ? person.attributes : withoutIdleClears(person.attributes, settings.columns);
    const isSpared = difference.spared !== undefined;
    const said = { says: saidBeside(need, says, settings, isSpared), waiting: takesSteps ? waiting : {} };
    return take(difference, need, pair.account, said);
  };
  const missing = (pair: AbsentPair, settings: DiffSettings): Difference => {
    // What one run about a part misses is not yet a second witness.
    const counts = !choice.isPartial || settings.absence?.proven === true;
    const difference = counts ? diffAbsent(pair, settings) : unchanged;
    const { absence } = settings;
    if (!trustsAbsences || difference.need !== null || absence === null || absence.proven) return difference;
    const trusted = diffAbsent(pair, { ...settings, absence: { ...absence, proven: true } });
    if (trusted.need !== null) trustedAbsences += 1;
    return trusted;
  };
  const absence = (pair: AbsentPair): Difference => {
    const settings = ofPeople.ofAbsent(pair.account);
    const difference = missing(pair, settings);
    const { linkKey, leaverSince } = pair.account;
    if (linkKey === null || !bars.has(linkKey)) return difference;
    const agrees = difference.need !== null || (difference.account?.leaverSince ?? leaverSince) !== null;
    if (agrees) {
      liftedBars.push(linkKey);
      return difference;
    }
    const barred = diffBarred({ ...pair, rows: [] }, settings);
    if (barred.spared !== undefined) sparedBars.push(linkKey);
    return barred;
  };
  let seen = 0;
  for (const pair of matching.people()) {
    const { person, user } = pair;
    choice.meet(person);
    const bucket = takePerson(pair);
    const met = bucket === 'changed' ? bucket : (missed(person.linkKey, user?.id ?? null) ?? bucket);
    buckets[met] += person.rows.length;
    seen += 1;
    if (seen % turnEvery === 0) yield;
  }
  for (const pair of matching.absent()) {
    const { account, user } = pair;
    choice.meet(account);
    const difference = absence(pair);
    // The row that nobody could read may have been theirs: such a feed is no witness of an absence.
    const learned = absencesHeld ? { ...difference, account: null } : difference;
    if (isNewlyMissing(pair, learned)) people.addMissing();
    const bucket = take(learned, difference.need, account);
    if (bucket !== 'changed' && account.linkKey !== null) missed(account.linkKey, user.id);
    seen += 1;
    if (seen % turnEvery === 0) yield;
  }
  for (const gone of choice.rest()) add(gone);
  const total = feeds.reduce((rows, { facts }) => rows + (facts?.rows ?? 0), 0);
  const rows: RowCounts = { total, ...buckets };
  return {
    ...{ rows, people: people.counts(), absencesHeld, statusesHeld, fromAbsence },
    unresolvedReferences,
    liftedBars,
    sparedBars,
    trustedAbsences,
    findings: found.findings(bounds.protections),
  };
}

/** Whether somebody with access is missed now and was not before; what that leads to waits for a second feed. */
function isNewlyMissing({ account, user }: AbsentPair, { need, account: learned }: Difference): boolean {
  const isNew = account.absent === null && (learned?.absent ?? null) !== null;
  return isNew && need === null && user.active && account.leaverSince === null;
}

/** Whether a person is a leaver who may be named, as staying, by a row that nobody could read. */
export function isHeld(
  { cause }: Need,
  { absencesHeld, statusesHeld }: Pick<Comparison, 'absencesHeld' | 'statusesHeld'>,
): boolean {
  return (cause === 'absence' && absencesHeld) || (cause === 'status' && statusesHeld);
}

/** What the feed says beside what somebody needs: of a user who was spared, nothing that would take anything. */
function saidBeside(
  need: Need | null,
  says: Attributes,
  { rules }: DiffSettings,
  isSpared: boolean,
): Attributes {
  return isSpared && need !== null ? saidOfSpared(says, need, rules) : says;
}

/** An empty cell of a column that is written on creation only, or only while it is empty, takes nothing from a user. */
function withoutIdleClears(attributes: Attributes, columns: readonly Column[]): Attributes {
  const idle = new Set(columns.filter(({ write }) => write !== 'always').map(({ attribute }) => attribute));
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => value !== null || !idle.has(name)),
  );
}
