import type { AccountChanges, Ledger, Run, Scope, Untold } from '../contracts/ledger.ts';
import type { Provider } from '../contracts/provider.ts';
import type { Step, Tellable } from '../domain/change.ts';
import type { Account } from '../domain/user.ts';
import { afterStep } from './after-step.ts';
import { stopIfTold } from './turns.ts';
import { asSent } from './waves.ts';
import type { World } from './world.ts';

/*
 * While a run sends, the ledger takes outcomes and nothing else. What they mean for the accounts follows from them and
 * the plan: at the end of each pass, before the next one builds on it, and at the end of the run. What a run that was
 * killed or told to stop has left untold, the next one of the same target tells before it looks at any account.
 */

interface Telling {
  readonly ledger: Pick<Ledger, 'untold' | 'tellAccounts' | 'noteAllTold' | 'accountsById'>;
  readonly provider: Pick<Provider, 'applied' | 'idOf'>;
  /** Ends it between two portions of the plan; what is left stays untold. */
  readonly signal: AbortSignal;
  readonly onTold?: (accounts: readonly Account[]) => void;
}

/** Tells the accounts what a run's steps came to, as far as they have not been told. */
export async function tellAccounts({ id, scope, asOf }: Run, telling: Telling): Promise<void> {
  const { ledger, signal, onTold } = telling;
  for await (const untold of ledger.untold(id)) {
    if (signal.aborted) return;
    const succeeded = succeededSteps(untold, telling.provider);
    const known = await ledger.accountsById(scope, [...new Set(succeeded.map(({ userId }) => userId))]);
    const changes = changesOfAccounts(succeeded, known, telling.provider, asOf);
    await ledger.tellAccounts(scope, untold, changes);
    onTold?.(changes.accounts);
  }
  await ledger.noteAllTold(id);
}

/** The same for every run of the scope that left something untold. @throws Failure (exit 75) when told to stop */
export async function tellOfEarlier(
  { ledger, scope }: { readonly ledger: Ledger; readonly scope: Scope },
  { provider }: Pick<Telling, 'provider'>,
  world: Pick<World, 'signal'>,
): Promise<void> {
  for (const run of await ledger.untoldRuns(scope)) {
    await tellAccounts(run, { ledger, provider, signal: world.signal });
    stopIfTold(world);
  }
}

interface Succeeded {
  /** As its pass sent it. */
  readonly change: Tellable;
  readonly step: Step;
  readonly userId: string;
}

function succeededSteps({ results }: Untold, provider: Pick<Provider, 'idOf'>): readonly Succeeded[] {
  const all: Succeeded[] = [];
  for (const { change, outcomes } of results) {
    for (const { result, errorCode, step: index, userId: given, values } of outcomes) {
      const planned = change.steps[index];
      // A reference that led nowhere left its old value, and nothing was sent.
      if (result !== 'succeeded' || errorCode === 'UNRESOLVED_REFERENCE' || planned === undefined) continue;
      const userId = given ?? change.userId ?? provider.idOf(change.after);
      if (userId === null) continue;
      const sent = asSent(change, index, values);
      all.push({ change: sent, step: sent.steps[index] ?? planned, userId });
    }
  }
  return all;
}

/** Several steps of one user build on each other. */
function changesOfAccounts(
  succeeded: readonly Succeeded[],
  known: ReadonlyMap<string, Account>,
  provider: Pick<Provider, 'applied'>,
  asOf: string,
): AccountChanges {
  const tools = {
    applied: (step: Step, user: Account | null, userId: string) => provider.applied(step, user, userId),
    asOf,
  };
  const after = new Map<string, Account | null>();
  for (const { change, step, userId } of succeeded) {
    const isGone = change.operation === 'remove' && step === change.steps.at(-1);
    const before = after.get(userId) ?? known.get(userId) ?? null;
    after.set(userId, isGone ? null : afterStep(change, step, before, userId, tools));
  }
  return {
    accounts: [...after.values()].filter((account) => account !== null),
    removed: [...after].flatMap(([userId, account]) => (account === null ? [userId] : [])),
  };
}
