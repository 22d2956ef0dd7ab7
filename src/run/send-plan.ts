import { hash } from 'node:crypto';
import type { ChangeResult, StepOutcome } from '../contracts/ledger.ts';
import { type DispatchTools, dispatch, type Start } from '../dispatch/dispatch.ts';
import type { Change } from '../domain/change.ts';
import type { Failure } from '../domain/failure.ts';
import type { Account, User } from '../domain/user.ts';
import { backoffMs } from '../http/backoff.ts';
import type { Job } from '../job/job.ts';
import type { Target } from './connect-target.ts';
import { firstPasswords } from './first-passwords.ts';
import type { OpenRun } from './open-run.ts';
import { filledStep } from './references.ts';
import type { TakenFeed } from './take-feed.ts';
import { tellAccounts } from './tell-accounts.ts';
import { type Awaited, awaitedBy, firstPass, type Part, readyPart, Troubles, waitsInVain } from './waves.ts';
import type { World } from './world.ts';

const backoff = { baseMs: 500, capMs: 30_000 };

export interface Sending {
  /** Ids of accounts that an earlier run may have created. */
  readonly doubtfulCreates: ReadonlySet<string>;
  /** The feeds that the plan was made from. */
  readonly feeds: readonly TakenFeed[];
  /** Whether the run goes on after a stop: what it settled then is not sent again. */
  readonly goesOn?: boolean;
  /** Called each time that intents have become durable: from the first of them on something may have been written. */
  readonly onIntended?: () => void;
}

/**
 * Sends the plan's changes, wave by wave; last of all the steps that name people who had no user before.
 * @returns what stopped it before its end, or null
 */
export async function sendPlan(
  job: Job,
  open: OpenRun,
  target: Target,
  { doubtfulCreates, feeds, goesOn: isResumed = false, onIntended = () => undefined }: Sending,
  world: World,
): Promise<Failure | null> {
  const { ledger, run } = open;
  const { provider, connection } = target;
  // A login that exists already is this person's only when the job says that logins tell who is who.
  const loginsTell = job.match.length === 1 && job.match[0] === 'userName';
  const [awaited] = await Promise.all([awaitedBy(open), ledger.prepareToSend()]);
  const troubles = new Troubles(awaited.changes);
  const initialPassword = await firstPasswords(open, feeds, world);
  const users = new Map<string, User>();
  let batches = isResumed ? await ledger.lastBatch(run.id) : 0;
  const recordOutcomes = (outcomes: readonly StepOutcome[]): Promise<void> => {
    troubles.note(outcomes);
    return ledger.recordOutcomes(run.id, outcomes);
  };
  const noteUsers = (accounts: readonly Account[]): void => {
    for (const account of accounts) {
      if (account.linkKey !== null && awaited.people.has(account.linkKey))
        users.set(account.linkKey, account);
    }
  };
  const tools: DispatchTools = {
    provider,
    connection,
    limits: job.target.limits,
    bodyBytes: (item) => connection.bodyBytes(item),
    mayLink: (item) => loginsTell || doubtfulCreates.has(item.userId ?? provider.idOf(item.attributes) ?? ''),
    initialPassword,
    keyOf: ({ seq }, step) => keyOf([ledger.lineage, run.id, seq, step]),
    clock: world.clock,
    signal: world.signal,
    backoffMs: (attempt) => backoffMs(attempt, world.random, backoff),
    nextBatch: () => {
      batches += 1;
      return batches;
    },
    onProgress: (changes) => world.progress.sent(changes),
    ledger: {
      recordIntents: async (intents) => {
        await ledger.recordIntents(run.id, intents);
        onIntended();
      },
      recordOutcomes,
    },
  };
  if (isResumed) await recall(open, awaited, { noteUsers, troubles });
  let stopped = isResumed ? null : await dispatch(firstPass(open, job.target.limits.batchSize), tools);
  const starts: Starts = new Map();
  const passTools = { open, target, users, starts, troubles, recordOutcomes, isResumed, world };
  for (const pass of isResumed ? [0, ...awaited.passes] : awaited.passes) {
    if (stopped !== null || world.signal.aborted) break;
    await tellAccounts(run, { ledger, provider, signal: world.signal, onTold: noteUsers });
    stopped = await dispatch(laterPass(pass, passTools), {
      ...tools,
      startOf: ({ seq, userId }) => starts.get(seq) ?? { step: 0, userId },
      // A step that names others follows on a change that has been counted.
      ...(Number.isFinite(pass) ? {} : { onProgress: () => undefined }),
    });
  }
  world.progress.stage('remembering what was done');
  // Whoever is told to stop does so within seconds: then it is the next run that tells them.
  await tellAccounts(run, { ledger, provider, signal: world.signal, onTold: noteUsers });
  return stopped;
}

/** What the run knew before it stopped: users who have come to be, and changes that did not come so far. */
async function recall(
  { ledger, run, scope }: OpenRun,
  awaited: Awaited,
  tools: { readonly noteUsers: (accounts: readonly Account[]) => void; readonly troubles: Troubles },
): Promise<void> {
  if (awaited.people.size > 0) {
    for await (const page of ledger.accounts(scope)) tools.noteUsers(page);
  }
  if (awaited.changes.size === 0) return;
  for await (const page of ledger.results(run.id)) {
    const outcomes = page.flatMap((result) =>
      result.outcomes.filter((outcome) => outcome.result !== 'notSent'),
    );
    tools.troubles.note(outcomes);
  }
}

/**
 * The same for the same step of the same run, also when that is gone on with, and no other's: the number of a run alone
 * might come twice, in two ledgers. A hash, so that whoever sees it learns nothing.
 */
function keyOf(names: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(names)).slice(0, 32);
}

/** Where changes go on that wait for something. */
type Starts = Map<number, Start>;

interface PassTools {
  readonly open: OpenRun;
  readonly target: Target;
  /** Users of the people whom steps name, by lasting id. */
  readonly users: ReadonlyMap<string, User>;
  /** Filled for each page of changes. */
  readonly starts: Starts;
  readonly troubles: Troubles;
  readonly recordOutcomes: (outcomes: readonly StepOutcome[]) => Promise<void>;
  readonly isResumed: boolean;
  readonly world: World;
}

/** The changes that may go on in this pass, with the values that are known by now. */
async function* laterPass(pass: number, tools: PassTools): AsyncGenerator<readonly Change[]> {
  const { open, starts, recordOutcomes } = tools;
  for await (const page of open.ledger.results(open.run.id)) {
    starts.clear();
    const ready: Change[] = [];
    const outcomes: StepOutcome[] = [];
    const remembered = await rememberedKeys(page, tools);
    for (const result of page) {
      const leaveBefore = remembered.get(result.change.seq);
      const part = readyPart(
        result,
        pass,
        (step) => leaveBefore !== undefined || (tools.isResumed && tools.target.provider.createOnly(step)),
      );
      if (part === null) continue;
      const one = goesOn(result, part, tools);
      if ('steps' in one) {
        const userId = userIdOf(result, part.from, tools.target);
        starts.set(one.seq, {
          step: part.from,
          userId,
          ...(leaveBefore === undefined ? {} : { leaveBefore }),
        });
        ready.push(one);
      } else outcomes.push(...one.outcomes);
    }
    if (outcomes.length > 0) await recordOutcomes(outcomes);
    if (ready.length > 0) yield ready;
  }
}

/**
 * Steps of an earlier sitting that nobody could look up, and whose key the target still remembers: until when, by the
 * change's position. What comes after a step in doubt was never sent, so there is one for a change.
 */
async function rememberedKeys(
  page: readonly ChangeResult[],
  { open, target: { provider }, isResumed, world }: PassTools,
): Promise<ReadonlyMap<number, number>> {
  const doubts = !isResumed
    ? []
    : page.flatMap(({ change, outcomes }) => {
        const index = outcomes.find(({ result }) => result === 'unknown')?.step;
        const step = index === undefined ? undefined : change.steps[index];
        if (index === undefined || step === undefined || provider.createOnly(step)) return [];
        const lifetimeMs = provider.keyLifetimeMs?.(step) ?? 0;
        return lifetimeMs > 0 ? [{ seq: change.seq, step: index, lifetimeMs }] : [];
      });
  if (doubts.length === 0) return new Map();
  const intended = await open.ledger.intendedAt(open.run.id, doubts);
  const until = doubts.map(({ seq, lifetimeMs }, position): [number, number] => [
    seq,
    Date.parse(intended[position] ?? '') + lifetimeMs,
  ]);
  // What has no time compares as false.
  return new Map(until.filter(([, leaveBefore]) => world.clock.now() < leaveBefore));
}

/** The change with the steps of this pass, or what becomes of them when they cannot be sent. */
function goesOn(
  { change }: ChangeResult,
  { from, to }: Part,
  { target, users, troubles, world }: PassTools,
): Change | { readonly outcomes: readonly StepOutcome[] } {
  const at = new Date(world.clock.now()).toISOString();
  const trouble = troubles.of(change.steps[from]?.after ?? []);
  if (trouble !== null) return { outcomes: waitsInVain({ change, from, at }, trouble) };
  const steps = change.steps
    .slice(0, to)
    .map((step) =>
      step.references === undefined ? step : filledStep(step, target.provider, (id) => users.get(id)),
    );
  const filled = steps.filter((step) => step !== null);
  return filled.length < steps.length ? { outcomes: stays(change, from, at) } : { ...change, steps: filled };
}

/** The user's id as it is known by now; whoever is still to be created has none. */
function userIdOf({ change, outcomes }: ChangeResult, from: number, { provider }: Target): string | null {
  if (from === 0 || change.userId !== null) return change.userId;
  const given = outcomes.findLast((outcome) => outcome.userId !== null)?.userId ?? null;
  return given ?? provider.idOf(change.after);
}

/** The row goes on without the reference: its old value stays, and the report says so. */
function stays(change: Change, from: number, at: string): readonly StepOutcome[] {
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
