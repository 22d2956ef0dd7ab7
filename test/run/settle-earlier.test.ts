import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, Run, StepOutcome } from '../../src/contracts/ledger.ts';
import type { Provider } from '../../src/contracts/provider.ts';
import type { Change, Step } from '../../src/domain/change.ts';
import { TargetFailure } from '../../src/domain/failure.ts';
import type { Account, User } from '../../src/domain/user.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { Target } from '../../src/run/connect-target.ts';
import { settleEarlier } from '../../src/run/settle-earlier.ts';
import { account, all, at, change, outcome, run, scope } from '../ledger/build.ts';
import { type Directory, makeDirectory } from '../ledger/directory.ts';
import { buildOpen, buildTarget, buildWorld } from './build.ts';

let directory: Directory;
let ledger: Ledger;
beforeEach(async () => {
  directory = makeDirectory();
  ledger = await openLedger(directory.path('ledger.db'));
});
afterEach(async () => {
  await ledger.close();
  directory.remove();
});

const setTitle: Step = { action: 'set', subject: 'title', values: { title: 'Manager' } };
const setRole: Step = { action: 'set', subject: 'roles', values: { roles: ['Viewer'] } };

function buildUser(id: string, attributes: User['attributes']): User {
  return { id, active: true, attributes };
}

function buildUpdate(seq: number, difference: Partial<Change> = {}): Change {
  return change(seq, {
    operation: 'update',
    userId: `u${seq}`,
    user: buildUser(`u${seq}`, { userName: `p${seq}` }),
    after: { title: 'Manager' },
    steps: [setTitle],
    ...difference,
  });
}

/** A run that was killed after it had noted that these steps were about to leave. */
async function leaveOpen(
  changes: readonly Change[],
  steps: readonly { readonly seq: number; readonly step: number }[],
  earlier: Partial<Run> & { readonly outcomes?: readonly StepOutcome[] } = {},
): Promise<void> {
  const { outcomes = [], ...difference } = earlier;
  const old = run(difference.id ?? 'old', difference);
  await ledger.startRun(old);
  await ledger.storeChanges(old.id, changes);
  await ledger.recordIntents(old.id, [{ batch: 1, attempt: 1, at, steps }]);
  await ledger.settle(old.id, scope, { outcomes, accounts: [], removed: [] });
}

async function settle(target: Target): Promise<ReadonlySet<string>> {
  const own = run('now', { startedAt: '2026-12-01T00:00:00.000Z' });
  await ledger.startRun(own);
  return (await settleEarlier(buildOpen(ledger, own), target, buildWorld())).people;
}

async function outcomesOf(runId = 'old'): Promise<readonly (readonly string[])[]> {
  const results = await all(ledger.results(runId));
  return results.map(({ outcomes }) => outcomes.map(({ result }) => result));
}

async function known(id: string): Promise<Account | undefined> {
  return (await ledger.accountsById(scope, [id])).get(id);
}

describe('what an earlier run left open', () => {
  it('has succeeded when a look-up finds it, and the ledger knows the account as it is now', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }]);
    await ledger.saveAccounts(scope, [account('u1', { attributes: { userName: 'p1', title: 'Clerk' } })]);
    const inDoubt = await settle(buildTarget([buildUser('u1', { title: 'Manager' })]));
    expect([...inDoubt]).toEqual([]);
    expect(await outcomesOf()).toEqual([['succeeded']]);
    expect(await known('u1')).toMatchObject({
      attributes: { userName: 'p1', title: 'Manager' },
      linkKey: 'e1',
    });
    expect(await ledger.run('old')).toMatchObject({ state: 'superseded', exitCode: 4 });
  });

  it('was not sent when a look-up finds that it did not take effect', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }]);
    const inDoubt = await settle(buildTarget([buildUser('u1', { title: 'Clerk' })]));
    expect([...inDoubt]).toEqual([]);
    expect(await outcomesOf()).toEqual([['notSent']]);
    expect(await known('u1')).toBeUndefined();
    expect(await ledger.run('old')).toMatchObject({ state: 'superseded' });
  });

  it('stays in doubt when nobody can tell, and so does its person', async () => {
    await leaveOpen(
      [buildUpdate(1), buildUpdate(2)],
      [
        { seq: 1, step: 0 },
        { seq: 2, step: 0 },
      ],
    );
    const inDoubt = await settle(buildTarget([buildUser('u2', { title: 'Manager' })]));
    expect([...inDoubt]).toEqual(['e1']);
    expect(await outcomesOf()).toEqual([['unknown'], ['succeeded']]);
    expect(await ledger.run('old')).toMatchObject({ state: 'stopped' });
  });

  it('is looked up again by the next run, and can be told then', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }]);
    const open = buildOpen(ledger, run('now'));
    await ledger.startRun(open.run);
    expect([...(await settleEarlier(open, buildTarget(), buildWorld())).people]).toEqual(['e1']);
    const now = buildTarget([buildUser('u1', { title: 'Manager' })]);
    expect([...(await settleEarlier(open, now, buildWorld())).people]).toEqual([]);
    expect(await outcomesOf()).toEqual([['succeeded']]);
    expect(await ledger.run('old')).toMatchObject({ state: 'superseded' });
  });

  it('holds nobody when its step only creates', async () => {
    const created = change(1, { steps: [{ action: 'add', subject: '', values: { userName: 'user1' } }] });
    await leaveOpen([created], [{ seq: 1, step: 0 }]);
    const open = buildOpen(ledger, run('now'));
    await ledger.startRun(open.run);
    const target = buildTarget();
    const doubts = await settleEarlier(open, target, buildWorld());
    const id = target.provider.idOf({ userName: 'user1' });
    expect([...doubts.people]).toEqual([]);
    expect([...doubts.creates]).toEqual(id === null ? [] : [id]);
    expect(await outcomesOf()).toEqual([['unknown']]);
    expect(await ledger.run('old')).toMatchObject({ state: id === null ? 'superseded' : 'stopped' });
  });

  it('keeps every run open whose doubt stays, when several are about one person', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }], {
      id: 'older',
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }]);
    expect([...(await settle(buildTarget()))]).toEqual(['e1']);
    expect(await ledger.run('older')).toMatchObject({ state: 'stopped' });
    expect(await ledger.run('old')).toMatchObject({ state: 'stopped' });
  });

  it('is only what has no outcome: what is settled stays settled', async () => {
    await leaveOpen(
      [buildUpdate(1), buildUpdate(2), buildUpdate(3)],
      [1, 2, 3].map((seq) => ({ seq, step: 0 })),
      { outcomes: [outcome(1, 0), outcome(2, 0, { result: 'failed', errorCode: 'REFUSED' })] },
    );
    const users = [1, 2, 3].map((n) => buildUser(`u${n}`, { title: 'Clerk' }));
    await settle(buildTarget(users));
    expect(await outcomesOf()).toEqual([['succeeded'], ['failed'], ['notSent']]);
  });

  it('includes what was unknown at the end of that run', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }], {
      state: 'stopped',
      outcomes: [outcome(1, 0, { result: 'unknown', errorCode: 'UNANSWERED' })],
    });
    await settle(buildTarget([buildUser('u1', { title: 'Manager' })]));
    expect(await outcomesOf()).toEqual([['succeeded']]);
  });

  it('is nothing when no run is open, and the run that asks does not count', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }], { state: 'finished' });
    expect([...(await settle(buildTarget()))]).toEqual([]);
    expect(await ledger.run('old')).toMatchObject({ state: 'finished' });
    expect(await ledger.run('now')).toMatchObject({ state: 'running' });
  });

  it('stays open when the target cannot be asked', async () => {
    await leaveOpen([buildUpdate(1)], [{ seq: 1, step: 0 }]);
    const away = buildTarget();
    const lookUp = (): Promise<never> =>
      Promise.reject(new TargetFailure({ trouble: 'unavailable', message: 'away' }));
    await expect(settle({ ...away, connection: { ...away.connection, lookUp } })).rejects.toThrow('away');
    expect(await ledger.run('old')).toMatchObject({ state: 'running' });
    expect(await all(ledger.openSteps('old'))).toHaveLength(1);
  });
});

describe('settling a create', () => {
  it('links the account that it made, by the id that the target gave', async () => {
    const given = { idOf: () => null } satisfies Partial<Provider>;
    const created = change(1, { after: { title: 'Manager' }, steps: [setTitle] });
    await leaveOpen([created], [{ seq: 1, step: 0 }]);
    const target = buildTarget([], given);
    const lookUp = async (): Promise<User[]> => [buildUser('given', { title: 'Manager' })];
    await settle({ ...target, connection: { ...target.connection, lookUp } });
    expect(await known('given')).toMatchObject({ linkKey: 'e1', key: 'E1' });
  });
});

describe('settling a disable', () => {
  it('remembers from its first step on what enabling has to give back', async () => {
    const disable = buildUpdate(1, {
      operation: 'disable',
      steps: [setTitle, setRole],
      remember: { roles: ['Planner', 'Viewer'] },
    });
    await leaveOpen([disable], [{ seq: 1, step: 0 }]);
    await ledger.saveAccounts(scope, [account('u1', { linkKey: 'e1', key: 'E1' })]);
    await settle(buildTarget([buildUser('u1', { title: 'Manager' })]));
    expect((await known('u1'))?.disabled?.restore).toEqual({ roles: ['Planner', 'Viewer'] });
  });
});

describe('settling a removal', () => {
  const removal = buildUpdate(1, { operation: 'remove', steps: [setTitle, setRole] });

  it('forgets the account with its last step', async () => {
    await leaveOpen([removal], [{ seq: 1, step: 1 }], { outcomes: [outcome(1, 0)] });
    await ledger.saveAccounts(scope, [account('u1', { linkKey: 'e1', key: 'E1' })]);
    await settle(buildTarget([buildUser('u1', { roles: ['Viewer'] })]));
    expect(await known('u1')).toBeUndefined();
  });

  it('does not forget the account with an earlier step, or nobody would remove it any more', async () => {
    await leaveOpen([removal], [{ seq: 1, step: 0 }]);
    await ledger.saveAccounts(scope, [account('u1', { linkKey: 'e1', key: 'E1' })]);
    await settle(buildTarget([buildUser('u1', { title: 'Manager' })]));
    expect(await known('u1')).toMatchObject({ linkKey: 'e1' });
  });

  it('may be planned anew where repeating it does no harm, and is settled once the account is forgotten', async () => {
    const repeatable = { createOnly: () => true } satisfies Partial<Provider>;
    await leaveOpen([removal], [{ seq: 1, step: 1 }], { outcomes: [outcome(1, 0)] });
    await ledger.saveAccounts(scope, [account('u1', { linkKey: 'e1', key: 'E1' })]);
    const open = buildOpen(ledger, run('now'));
    await ledger.startRun(open.run);
    const settleAgain = () => settleEarlier(open, buildTarget([], repeatable), buildWorld());

    const doubts = await settleAgain();
    expect([...doubts.people, ...doubts.creates]).toEqual([]);
    expect(await outcomesOf()).toEqual([['succeeded', 'unknown']]);
    expect(await ledger.run('old')).toMatchObject({ state: 'stopped' });

    // What a later run does that sends it again, and hears that the account is gone.
    await ledger.settle('now', scope, { outcomes: [], accounts: [], removed: ['u1'] });
    await settleAgain();
    expect(await outcomesOf()).toEqual([['succeeded', 'succeeded']]);
    expect(await ledger.run('old')).toMatchObject({ state: 'superseded' });
  });
});
