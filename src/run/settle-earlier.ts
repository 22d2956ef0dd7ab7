import type { OpenStep, Settlement, StepOutcome } from '../contracts/ledger.ts';
import type { Outcome, Step } from '../domain/change.ts';
import { succeeded } from '../domain/outcome.ts';
import type { Account, User } from '../domain/user.ts';
import { afterStep } from './after-step.ts';
import type { Target } from './connect-target.ts';
import type { OpenRun } from './open-run.ts';
import type { World } from './world.ts';

/**
 * Settles what earlier runs left open: every step whose intent was written and whose outcome was not, or is unknown,
 * is looked up. A run of which nothing stays open is superseded by this one.
 */
export async function settleEarlier(open: OpenRun, target: Target, world: World): Promise<EarlierDoubts> {
  const all = { ...noneYet(), settled: [] as SettledRun[] };
  for (const earlier of await open.ledger.openRuns(open.scope)) {
    if (earlier.id === open.run.id) continue;
    const doubts = await settleRun(earlier.id, open, target, world);
    const at = new Date(world.clock.now()).toISOString();
    const count = doubts.people.size + doubts.creates.size + doubts.removals.size;
    const state = count === 0 ? 'superseded' : 'stopped';
    await open.ledger.finishRun(earlier.id, { state, finishedAt: earlier.finishedAt ?? at, exitCode: 4 });
    world.log.info({ run: earlier.id, count }, `settled an earlier run: ${state}`);
    all.settled.push({ run: earlier.id, state, inDoubt: count });
    for (const linkKey of doubts.people) all.people.add(linkKey);
    for (const userId of doubts.creates) all.creates.add(userId);
  }
  return all;
}

/** Looks up what one run left open, and writes down what was found. */
export async function settleRun(
  runId: string,
  open: Pick<OpenRun, 'ledger' | 'scope'>,
  target: Target,
  world: Pick<World, 'clock'>,
): Promise<Doubts> {
  const doubts = noneYet();
  for await (const steps of open.ledger.openSteps(runId)) {
    const settlement = await lookUp(steps, open, target, world, doubts);
    await open.ledger.settle(runId, open.scope, settlement);
  }
  return doubts;
}

/** What stays open after everything could be asked. */
export interface EarlierDoubts {
  /** Lasting ids of the people whose write nobody could settle: this run leaves them alone. */
  readonly people: ReadonlySet<string>;
  /** Ids of accounts that an earlier create may have made: one that exists already is then the person's. */
  readonly creates: ReadonlySet<string>;
  /** The runs that were looked at, the oldest first. */
  readonly settled: readonly SettledRun[];
}

/** What became of an earlier run. */
export interface SettledRun {
  readonly run: string;
  readonly state: 'superseded' | 'stopped';
  /** People and accounts of whom the look-up could not tell. */
  readonly inDoubt: number;
}

export const noDoubts: EarlierDoubts = { people: new Set(), creates: new Set(), settled: [] };

/** The same of one run. */
export interface Doubts {
  readonly people: Set<string>;
  readonly creates: Set<string>;
  /** Lasting ids of people whose removal may be sent again: today's plan asks for it anew. */
  readonly removals: Set<string>;
}

function noneYet(): Doubts {
  return { people: new Set(), creates: new Set(), removals: new Set() };
}

async function lookUp(
  steps: readonly OpenStep[],
  open: Pick<OpenRun, 'ledger' | 'scope'>,
  target: Target,
  world: Pick<World, 'clock'>,
  doubts: Doubts,
): Promise<Settlement> {
  const { provider, connection } = target;
  const sought = steps.map(({ change }) => ({
    userId: change.userId,
    attributes: { ...change.user?.attributes, ...change.after },
  }));
  const found = await connection.lookUp(sought);
  const ids = sought.map(
    ({ userId, attributes }, position) => userId ?? found[position]?.id ?? provider.idOf(attributes),
  );
  const known = await open.ledger.accountsById(open.scope, [...new Set(ids.filter((id) => id !== null))]);
  const settled = new Settled(known, target, world);
  for (const [position, step] of steps.entries()) {
    const id = ids[position] ?? null;
    const verdict = verdictOf(step, found[position], id === null ? undefined : known.get(id), target);
    if (verdict === 'cannotTell') noteDoubt(step, id, target, doubts);
    settled.add(step, verdict, id);
  }
  return settled.settlement();
}

export type Verdict = 'applied' | 'settledSince' | 'notApplied' | 'cannotTell';

function verdictOf(
  open: OpenStep,
  found: User | undefined,
  account: Account | undefined,
  { provider }: Target,
): Verdict {
  const step = open.change.steps[open.step];
  // What a step that waited would have written is not in the plan; today's comparison finds whether it is there.
  if (step === undefined || step.references !== undefined) return 'notApplied';
  const verdict = provider.verdict(step, found);
  const isSettled = provider.createOnly(step) && wasRepeated(open, account);
  return verdict === 'cannotTell' && isSettled ? 'settledSince' : verdict;
}

/** What a later run repeated, and the ledger shows the effect of, is no doubt any more. */
function wasRepeated({ change }: OpenStep, account: Account | undefined): boolean {
  return change.operation === 'remove' ? account === undefined : account?.linkKey === change.linkKey;
}

function noteDoubt(open: OpenStep, id: string | null, { provider }: Target, doubts: Doubts): void {
  const step = open.change.steps[open.step];
  if (step === undefined || !provider.createOnly(step)) doubts.people.add(open.change.linkKey);
  else if (open.change.operation === 'remove') doubts.removals.add(open.change.linkKey);
  else if (id !== null) doubts.creates.add(id);
}

/** Gathers what the ledger has to know; several steps of one user build on each other. */
export class Settled {
  readonly #accounts: Map<string, Account>;
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();
  readonly #outcomes: StepOutcome[] = [];
  readonly #target: Pick<Target, 'provider'>;
  readonly #world: Pick<World, 'clock'>;

  constructor(
    known: ReadonlyMap<string, Account>,
    target: Pick<Target, 'provider'>,
    world: Pick<World, 'clock'>,
  ) {
    this.#accounts = new Map(known);
    this.#target = target;
    this.#world = world;
  }

  /** @param message what the report says of it; what the verdict says by itself when absent */
  add(open: OpenStep, verdict: Verdict, id: string | null, message?: string): void {
    const at = new Date(this.#world.clock.now()).toISOString();
    const said = message === undefined ? {} : { message };
    this.#outcomes.push({
      ...outcomeOf(verdict, id),
      ...said,
      seq: open.seq,
      step: open.step,
      attempts: 1,
      at,
    });
    const step = open.change.steps[open.step];
    if (verdict !== 'applied' || id === null || step === undefined) return;
    const isLast = open.step + 1 === open.change.steps.length;
    if (open.change.operation === 'remove' && isLast) {
      this.#removed.add(id);
      return;
    }
    const account = this.#accounts.get(id) ?? null;
    this.#accounts.set(id, accountAfter(open, step, account, id, this.#target, this.#world));
    this.#changed.add(id);
  }

  settlement(): Settlement {
    const accounts = [...this.#accounts.values()].filter(
      ({ id }) => this.#changed.has(id) && !this.#removed.has(id),
    );
    return { outcomes: this.#outcomes, accounts, removed: [...this.#removed] };
  }
}

function accountAfter(
  open: OpenStep,
  step: Step,
  account: Account | null,
  userId: string,
  target: Pick<Target, 'provider'>,
  world: Pick<World, 'clock'>,
): Account {
  const asOf = new Date(world.clock.now()).toISOString();
  const applied = (taken: Step, user: Account | null, id: string): User =>
    target.provider.applied(taken, user, id);
  return afterStep(open.change, step, account, userId, { applied, asOf });
}

function outcomeOf(verdict: Verdict, userId: string | null): Outcome {
  const nothing = { providerCode: null, userId: null };
  if (verdict === 'applied' || verdict === 'settledSince') return succeeded(userId);
  if (verdict === 'notApplied') {
    return {
      ...nothing,
      result: 'notSent',
      errorCode: 'STOPPED',
      message: 'A look-up found that it never took effect.',
    };
  }
  return {
    ...nothing,
    result: 'unknown',
    errorCode: 'UNANSWERED',
    message: 'A look-up could not tell whether it took effect.',
  };
}
