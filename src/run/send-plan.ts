import type { Change } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import { dispatch } from '../dispatch/dispatch.ts';
import { backoffMs } from '../http/backoff.ts';
import type { Job } from '../job/job.ts';
import type { Target } from './connect-target.ts';
import type { OpenRun } from './open-run.ts';
import type { World } from './world.ts';

const backoff = { baseMs: 500, capMs: 30_000 };

/**
 * Sends the plan's changes; gives what stopped it before its end, or null.
 * @param doubtfulCreates ids of accounts that an earlier run may have created
 */
export function sendPlan(
  job: Job,
  open: OpenRun,
  target: Target,
  doubtfulCreates: ReadonlySet<string>,
  world: World,
): Promise<Failure | null> {
  const { ledger, run, scope } = open;
  const { provider, connection } = target;
  // A login that exists already is this person's only when the job says that logins tell who is who.
  const loginsTell = job.match.length === 1 && job.match[0] === 'userName';
  return dispatch(plannedChanges(open), {
    provider,
    connection,
    limits: job.target.limits,
    bodyBytes: (item) => connection.bodyBytes(item),
    applied: (step, user, userId) => provider.applied(step, user, userId),
    mayLink: (item) => loginsTell || doubtfulCreates.has(item.userId ?? provider.idOf(item.attributes) ?? ''),
    asOf: run.asOf,
    clock: world.clock,
    signal: world.signal,
    backoffMs: (attempt) => backoffMs(attempt, world.random, backoff),
    onProgress: (changes) => world.progress.sent(changes),
    ledger: {
      recordIntents: (intents) => ledger.recordIntents(run.id, intents),
      settle: (settlement) => ledger.settle(run.id, scope, settlement),
      accountsById: (userIds) => ledger.accountsById(scope, userIds),
    },
  });
}

async function* plannedChanges(open: OpenRun): AsyncGenerator<readonly Change[]> {
  for await (const page of open.ledger.changes(open.run.id)) {
    yield page.filter((change) => change.disposition === 'planned' && change.steps.length > 0);
  }
}
