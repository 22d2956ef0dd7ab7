import { Failure } from '../domain/failure.ts';
import { timedGuardOf } from '../guard/judge-guards.ts';
import type { Job } from '../job/job.ts';
import { openMatching } from '../match/open-matching.ts';
import { releaseApproved } from './approvals.ts';
import type { Target } from './connect-target.ts';
import { peopleCounter } from './count-people.ts';
import type { RunFacts } from './facts.ts';
import { judgePlan } from './judge-plan.ts';
import type { OpenRun } from './open-run.ts';
import { recallActs } from './recall-acts.ts';
import { stagingFolder } from './staging-folder.ts';
import type { World } from './world.ts';

/**
 * Judges by the clock, before a run goes on, what all its changes come to over a day and a week: an event that was
 * expected may be over, an approval taken back.
 *
 * @throws Failure (exit 3) `RESUME_HELD`
 */
export async function judgeOverTime(
  job: Job,
  open: OpenRun,
  facts: RunFacts,
  target: Pick<Target, 'provider'>,
  { clock }: Pick<World, 'clock'>,
): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  const { provider } = target;
  const matching = openMatching(`${stagingFolder(job, open.scope)}-resume`, {
    match: job.match,
    attributes: provider.attributes,
    feeds: job.feeds,
  });
  try {
    const guarded = { rules: provider.attributes, match: job.match };
    const today = { ...open, run: { ...open.run, startedAt: now, asOf: now } };
    await recallActs(today, guarded, job.guards.expected, matching.recent);
    const people = peopleCounter(guarded, matching.recent, now);
    for await (const page of open.ledger.results(open.run.id)) {
      for (const { change, outcomes } of page) {
        const isOver = outcomes.some(({ result }) => result !== 'notSent' && result !== 'succeeded');
        if (change.disposition !== 'planned' || isOver) continue;
        people.add(change);
        matching.addChange({ need: change, steps: change.steps });
      }
    }
    const { managed, unmanaged } = facts.users;
    const total = managed + unmanaged;
    const users = { managed, unmanaged, total, linkedBefore: managed, expected: managed, shown: managed };
    const comparison = { people: people.counts(), rows: facts.rows };
    const { guards } = await judgePlan(job, today, { feeds: [], comparison, users });
    const released = await releaseApproved({
      ledger: open.ledger,
      scope: open.scope,
      guards: guards.filter(({ name }) => isOverTime(name)),
      changes: () => matching.changes().map(({ need }) => need),
      at: now,
      reviewedHash: facts.planHash,
      fourEyes: job.fourEyes,
    });
    const [held] = released.guards.filter(({ tripped }) => tripped);
    if (held !== undefined) throw heldBy(held.name, held.advice);
  } finally {
    matching.close();
  }
}

function isOverTime(name: string): boolean {
  const kind = timedGuardOf(name);
  return kind !== null && kind !== name;
}

function heldBy(name: string, advice: string | null): Failure {
  return new Failure({
    code: 'RESUME_HELD',
    message: `The guard ${name} holds what is left of the run. ${advice ?? ''}`.trim(),
    hint: 'Run plan: what is left stands in it, and can be approved.',
    exit: 3,
  });
}
