import type { Need, Operation } from '../domain/change.ts';
import type { FeedFacts } from '../domain/feed-facts.ts';
import type { GuardName } from '../domain/settings.ts';
import { type DiffSettings, type Difference, diffAbsent, diffPerson } from '../diff/diff-pair.ts';
import type { Job } from '../job/job.ts';
import type { Matching } from '../match/open-matching.ts';
import type { Account, User } from '../domain/user.ts';
import type { Target } from './connect-target.ts';
import type { RowCounts } from './facts.ts';

export interface Comparison {
  readonly rows: RowCounts;
  /** People whom each kind of operation concerns, conflicts and held absences left out. */
  readonly people: Readonly<Record<GuardName, number>>;
  /** True when leavers by absence are held, because a row's person could not be read. */
  readonly absencesHeld: boolean;
  /** How many leavers by absence there are. */
  readonly fromAbsence: number;
}

const guardOf: Readonly<Record<Operation, GuardName>> = {
  create: 'creates',
  update: 'updates',
  enable: 'enables',
  disable: 'disables',
  remove: 'removals',
};

/** Compares everybody, one by one, and stages what they need. */
export function compare(
  job: Job,
  target: Target,
  matching: Matching,
  inputs: {
    readonly feed: FeedFacts;
    readonly quarantined: number;
    readonly asOf: string;
    readonly inDoubt: ReadonlySet<string>;
  },
): Comparison {
  const { provider } = target;
  const { feed } = inputs;
  const settings: DiffSettings = {
    policy: job.policy,
    columns: job.feed.columns,
    rules: provider.attributes,
    asOf: inputs.asOf,
    absence:
      job.feed.mode === 'full' && !feed.partial && feed.whole !== 'contradicted' && feed.rows > 0
        ? { proven: feed.whole === 'proven', feedSha256: feed.sha256 }
        : null,
    remembers: (user) => provider.remembers(user),
    inDoubt: inputs.inDoubt,
  };
  const buckets = { excluded: 0, unchanged: 0, changed: 0 };
  const people = { creates: 0, updates: 0, enables: 0, disables: 0, removals: 0 };
  const absencesHeld = matching.hasUnreadableIdentity();
  let fromAbsence = 0;
  const stage = (need: Need, user: User | null, account: Account | null): void => {
    const steps =
      need.conflict === null ? provider.steps(need, user, account?.disabled?.restore ?? null) : [];
    matching.addChange({ need, steps });
    const held = absencesHeld && need.cause === 'absence';
    if (need.conflict === null && !held) people[guardOf[need.operation]] += 1;
  };
  const take = (difference: Difference, user: User | null, account: Account | null): void => {
    if (difference.account !== null) matching.remember(difference.account);
    if (difference.need !== null) stage(difference.need, user, account);
  };
  for (const pair of matching.people()) {
    const difference = diffPerson(pair, settings);
    buckets[difference.bucket] += pair.person.rows.length;
    take(difference, pair.user, pair.account);
  }
  for (const pair of matching.absent()) {
    const difference = diffAbsent(pair, settings);
    if (difference.need !== null) fromAbsence += 1;
    take(difference, pair.user, pair.account);
  }
  const rows: RowCounts = { total: feed.rows, quarantined: inputs.quarantined, duplicates: 0, ...buckets };
  return { rows, people, absencesHeld, fromAbsence };
}
