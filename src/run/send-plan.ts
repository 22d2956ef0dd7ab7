import type { ChangeResult, Settlement } from '../contracts/ledger.ts';
import { type DispatchTools, dispatch } from '../dispatch/dispatch.ts';
import type { Change } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { User } from '../domain/user.ts';
import { backoffMs } from '../http/backoff.ts';
import type { Job } from '../job/job.ts';
import type { Target } from './connect-target.ts';
import { firstPasswords } from './first-passwords.ts';
import type { OpenRun } from './open-run.ts';
import { filledStep } from './references.ts';
import type { TakenFeed } from './take-feed.ts';
import type { World } from './world.ts';

const backoff = { baseMs: 500, capMs: 30_000 };

export interface Sending {
  /** Ids of accounts that an earlier run may have created. */
  readonly doubtfulCreates: ReadonlySet<string>;
  /** The feeds that the plan was made from. */
  readonly feeds: readonly TakenFeed[];
}

/**
 * Sends the plan's changes: first all steps but those that name people without a user, then these.
 * @returns what stopped it before its end, or null
 */
export async function sendPlan(
  job: Job,
  open: OpenRun,
  target: Target,
  { doubtfulCreates, feeds }: Sending,
  world: World,
): Promise<Failure | null> {
  const { ledger, run, scope } = open;
  const { provider, connection } = target;
  // A login that exists already is this person's only when the job says that logins tell who is who.
  const loginsTell = job.match.length === 1 && job.match[0] === 'userName';
  const awaited = await awaitedPeople(open);
  const initialPassword = await firstPasswords(open, feeds, world);
  const users = new Map<string, User>();
  let batches = 0;
  const tools: DispatchTools = {
    provider,
    connection,
    limits: job.target.limits,
    bodyBytes: (item) => connection.bodyBytes(item),
    applied: (step, user, userId) => provider.applied(step, user, userId),
    mayLink: (item) => loginsTell || doubtfulCreates.has(item.userId ?? provider.idOf(item.attributes) ?? ''),
    initialPassword,
    asOf: run.asOf,
    clock: world.clock,
    signal: world.signal,
    backoffMs: (attempt) => backoffMs(attempt, world.random, backoff),
    nextBatch: () => {
      batches += 1;
      return batches;
    },
    onProgress: (changes) => world.progress.sent(changes),
    ledger: {
      recordIntents: (intents) => ledger.recordIntents(run.id, intents),
      settle: (settlement) => {
        for (const account of settlement.accounts) {
          if (account.linkKey !== null && awaited.has(account.linkKey)) users.set(account.linkKey, account);
        }
        return ledger.settle(run.id, scope, settlement);
      },
      accountsById: (userIds) => ledger.accountsById(scope, userIds),
    },
  };
  const stopped = await dispatch(withoutReferences(open), tools);
  if (stopped !== null || awaited.size === 0 || world.signal.aborted) return stopped;
  const starts = new Map<number, { readonly step: number; readonly userId: string | null }>();
  return dispatch(withReferences(open, target, users, starts, world), {
    ...tools,
    startOf: ({ seq, userId }) => starts.get(seq) ?? { step: 0, userId },
    onProgress: () => undefined,
  });
}

/** Lasting ids of the people whom steps wait for: managers who are being created, so far fewer than people. */
async function awaitedPeople(open: OpenRun): Promise<ReadonlySet<string>> {
  const awaited = new Set<string>();
  for await (const page of open.ledger.changes(open.run.id)) {
    for (const { steps } of page) {
      for (const { references } of steps) for (const id of Object.values(references ?? {})) awaited.add(id);
    }
  }
  return awaited;
}

/** The changes up to their first step that waits. */
async function* withoutReferences(open: OpenRun): AsyncGenerator<readonly Change[]> {
  for await (const page of open.ledger.changes(open.run.id)) {
    yield page
      .filter((change) => change.disposition === 'planned')
      .map((change) => ({ ...change, steps: change.steps.slice(0, firstReference(change)) }))
      .filter((change) => change.steps.length > 0);
  }
}

/** The changes whose steps before the first that waits have succeeded, with the values that are known by now. */
async function* withReferences(
  open: OpenRun,
  target: Target,
  users: ReadonlyMap<string, User>,
  starts: Map<number, { readonly step: number; readonly userId: string | null }>,
  world: World,
): AsyncGenerator<readonly Change[]> {
  for await (const page of open.ledger.results(open.run.id)) {
    starts.clear();
    const ready: Change[] = [];
    const unresolved: Settlement['outcomes'][number][] = [];
    for (const { change, outcomes } of page.filter(mayGoOn)) {
      const step = firstReference(change);
      const steps = change.steps.map((one) => filledStep(one, target.provider, (id) => users.get(id)));
      const filled = steps.filter((one) => one !== null);
      if (filled.length < steps.length) unresolved.push(...stays(change, step, world));
      else {
        const userId =
          change.userId ?? outcomes.findLast((outcome) => outcome.userId !== null)?.userId ?? null;
        starts.set(change.seq, { step, userId: userId ?? target.provider.idOf(change.after) });
        ready.push({ ...change, steps: filled });
      }
    }
    if (unresolved.length > 0) {
      await open.ledger.settle(open.run.id, open.scope, { outcomes: unresolved, accounts: [], removed: [] });
    }
    if (ready.length > 0) yield ready;
  }
}

function mayGoOn({ change, outcomes }: ChangeResult): boolean {
  const first = firstReference(change);
  if (change.disposition !== 'planned' || first === change.steps.length) return false;
  return outcomes.length === first && outcomes.every((outcome) => outcome.result === 'succeeded');
}

/** The row goes on without the reference: its old value stays, and the report says so. */
function stays(change: Change, from: number, world: World): Settlement['outcomes'] {
  const at = new Date(world.clock.now()).toISOString();
  return change.steps.slice(from).map((_, offset) => ({
    seq: change.seq,
    step: from + offset,
    result: 'succeeded',
    errorCode: 'UNRESOLVED_REFERENCE',
    providerCode: null,
    message: null,
    userId: null,
    attempts: 0,
    at,
  }));
}

function firstReference({ steps }: Change): number {
  const first = steps.findIndex(({ references }) => references !== undefined);
  return first === -1 ? steps.length : first;
}
