import { diffAbsent, diffPerson } from '../diff/diff-pair.ts';
import type { Difference } from '../diff/difference.ts';
import type { Need, Operation } from '../domain/change.ts';
import type { Column, GuardName } from '../domain/settings.ts';
import type { Account, Attributes } from '../domain/user.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { Target } from './connect-target.ts';
import type { RowCounts } from './facts.ts';
import { feedsOfPeople } from './feeds-of-people.ts';
import { type Referring, referenceNeed, waitingSteps } from './references.ts';
import type { TakenFeeds } from './take-feed.ts';

export interface Comparison {
  readonly rows: RowCounts;
  /** People whom each kind of operation concerns, conflicts and held absences left out. */
  readonly people: Readonly<Record<GuardName, number>>;
  /** True when leavers by absence are held, because a row's person could not be read. */
  readonly absencesHeld: boolean;
  /** True when leavers by status are held too: of several rows of a person, the one that counts may be that row. */
  readonly statusesHeld: boolean;
  /** How many leavers by absence there are. */
  readonly fromAbsence: number;
  /** References to people who have no user and will have none: the old values stay. */
  readonly unresolvedReferences: number;
}

const guardOf: Readonly<Record<Operation, GuardName>> = {
  create: 'creates',
  update: 'updates',
  enable: 'enables',
  disable: 'disables',
  remove: 'removals',
};

/** What the feed says of somebody: its attributes, and the references that wait. */
interface Said {
  readonly says: Attributes;
  readonly waiting: Referring['waiting'];
}

const nothingSaid: Said = { says: {}, waiting: {} };

/** Compares everybody, one by one, and stages what they need. */
export function compare(
  job: Job,
  target: Target,
  matching: Matching,
  inputs: Omit<TakenFeeds, 'quarantined'> & {
    readonly setAside: Pick<RowCounts, 'quarantined' | 'duplicates' | 'excluded'>;
    readonly asOf: string;
    readonly inDoubt: ReadonlySet<string>;
  },
): Comparison {
  const { provider } = target;
  const { feeds } = inputs;
  const buckets = { ...inputs.setAside, unchanged: 0, changed: 0 };
  const people = { creates: 0, updates: 0, enables: 0, disables: 0, removals: 0 };
  const unreadable = matching.unreadableFeeds();
  const absencesHeld = unreadable.size > 0;
  const statusesHeld = [...unreadable].some(
    (position) => feeds[position]?.settings.onePerson?.kind === 'prefer',
  );
  const ofPeople = feedsOfPeople(job, provider, matching, { ...inputs, unreadable });
  let fromAbsence = 0;
  let unresolvedReferences = 0;
  /** Gives false for a need that takes no call at all, such as taking roles from somebody who has none. */
  const stage = (wanted: Need, account: Account | null, { says, waiting }: Said): boolean => {
    const conflict = wanted.conflict ?? provider.objection?.(wanted) ?? null;
    const restore = account?.disabled?.restore ?? null;
    const steps =
      conflict === null
        ? [
            ...provider.steps(wanted, wanted.user, restore, says),
            ...waitingSteps(provider, wanted, waiting, says),
          ]
        : [];
    if (conflict === null && steps.length === 0) return false;
    const need = { ...wanted, conflict };
    matching.addChange({ need, steps });
    if (need.cause === 'absence') fromAbsence += 1;
    const held = isHeld(need, { absencesHeld, statusesHeld });
    if (conflict === null && !held) people[guardOf[need.operation]] += 1;
    return true;
  };
  const take = (
    difference: Difference,
    need: Need | null,
    account: Account | null,
    said: Said = nothingSaid,
  ): Difference['bucket'] => {
    if (difference.account !== null) matching.remember(difference.account);
    if (need === null) return difference.bucket;
    return stage(need, account, said) ? 'changed' : 'unchanged';
  };
  for (const pair of matching.people()) {
    if (ofPeople.isLeftAlone(pair)) {
      buckets.excluded += pair.person.rows.length;
      continue;
    }
    const { settings, resolve } = ofPeople.of(pair.person);
    const { person, waiting, unresolved } = resolve(pair.person);
    unresolvedReferences += unresolved;
    const difference = diffPerson({ ...pair, person }, settings);
    const stays = person.active && pair.user?.active === true && job.policy.update;
    const refers = stays && pair.user !== null && Object.keys(waiting).length > 0;
    const need = difference.need ?? (refers ? referenceNeed(person, pair.user) : null);
    const takesSteps = need !== null && ['create', 'update', 'enable'].includes(need.operation);
    const says =
      pair.user === null ? person.attributes : withoutIdleClears(person.attributes, settings.columns);
    const said = { says, waiting: takesSteps ? waiting : {} };
    const bucket = take(difference, need, pair.account, said);
    buckets[bucket] += person.rows.length;
  }
  for (const pair of matching.absent()) {
    const difference = diffAbsent(pair, ofPeople.ofAbsent(pair.account));
    // The row that nobody could read may have been theirs: such a feed is no witness of an absence.
    const learned = absencesHeld ? { ...difference, account: null } : difference;
    take(learned, difference.need, pair.account);
  }
  const total = feeds.reduce((rows, { facts }) => rows + (facts?.rows ?? 0), 0);
  const rows: RowCounts = { total, ...buckets };
  return { rows, people, absencesHeld, statusesHeld, fromAbsence, unresolvedReferences };
}

/** Whether a person is a leaver who may be named, as staying, by a row that nobody could read. */
export function isHeld(
  { cause }: Need,
  { absencesHeld, statusesHeld }: Pick<Comparison, 'absencesHeld' | 'statusesHeld'>,
): boolean {
  return (cause === 'absence' && absencesHeld) || (cause === 'status' && statusesHeld);
}

/** An empty cell of a column that is written on creation only, or only while it is empty, takes nothing from a user. */
function withoutIdleClears(attributes: Attributes, columns: readonly Column[]): Attributes {
  const idle = new Set(columns.filter(({ write }) => write !== 'always').map(({ attribute }) => attribute));
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => value !== null || !idle.has(name)),
  );
}
