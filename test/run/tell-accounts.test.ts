import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, Run, StepOutcome } from '../../src/contracts/ledger.ts';
import type { Change, Step } from '../../src/domain/change.ts';
import type { Account } from '../../src/domain/user.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { tellAccounts, tellOfEarlier } from '../../src/run/tell-accounts.ts';
import { account, all, change, outcome, run, scope } from '../ledger/build.ts';
import { type Directory, makeDirectory } from '../ledger/directory.ts';
import { provider } from './build.ts';

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

const asOf = '2026-06-01T00:00:00.000Z';
const running = { signal: new AbortController().signal };

function setStep(values: Step['values'], difference: Partial<Step> = {}): Step {
  return { action: 'set', subject: Object.keys(values).join('+'), values, ...difference };
}

function update(seq: number, difference: Partial<Change> = {}): Change {
  const user = { id: `u${seq}`, active: true, attributes: { userName: `p${seq}`, title: 'Clerk' } };
  return change(seq, {
    operation: 'update',
    userId: user.id,
    user,
    after: { title: 'Manager' },
    ...difference,
  });
}

/** A run that recorded these outcomes and was killed then. */
async function leaveUntold(
  changes: readonly Change[],
  outcomes: readonly StepOutcome[],
  difference: Partial<Run> = {},
): Promise<Run> {
  const old = run(difference.id ?? 'old', { asOf, ...difference });
  await ledger.startRun(old);
  await ledger.storeChanges(old.id, changes);
  await ledger.recordOutcomes(old.id, outcomes);
  return old;
}

async function tell(old: Run): Promise<void> {
  await tellAccounts(old, { ledger, provider, ...running });
}

async function known(id: string): Promise<Account | undefined> {
  return (await ledger.accountsById(scope, [id])).get(id);
}

describe('accounts that are told what steps came to', () => {
  it('have what succeeded, step by step, and nothing of what did not', async () => {
    const steps = [setStep({ title: 'Manager' }), setStep({ city: 'Bern' })];
    const old = await leaveUntold(
      [update(1, { steps }), update(2, { steps }), update(3, { steps })],
      [
        ...[outcome(1, 0), outcome(1, 1)],
        ...[outcome(2, 0), outcome(2, 1, { result: 'failed', errorCode: 'REFUSED' })],
        ...[outcome(3, 0, { result: 'unknown', errorCode: 'UNANSWERED' })],
      ],
    );
    await tell(old);
    expect(await known('u1')).toMatchObject({
      linkKey: 'e1',
      key: 'E1',
      attributes: { title: 'Manager', city: 'Bern' },
    });
    expect((await known('u2'))?.attributes).toEqual({ title: 'Manager' });
    expect(await known('u3')).toBeUndefined();
  });

  it('are those of the ids that the target gave, or that the attributes tell', async () => {
    const create = { operation: 'create', userId: null, user: null } as const;
    const old = await leaveUntold(
      [change(1, create), change(2, create)],
      [outcome(1, 0, { userId: 'new-1' }), outcome(1, 1, { userId: 'new-1' }), outcome(2, 0)],
    );
    await tell(old);
    expect((await all(ledger.accounts(scope))).map(({ id, linkKey }) => [id, linkKey])).toEqual([
      ['id of user2', 'e2'],
      ['new-1', 'e1'],
    ]);
  });

  it('go with the last step of a removal only', async () => {
    const steps = [setStep({ roles: [] }), setStep({ active: false })];
    await ledger.saveAccounts(scope, [account('u1'), account('u2')]);
    const removal = { operation: 'remove', steps } as const;
    const old = await leaveUntold(
      [update(1, removal), update(2, removal)],
      [outcome(1, 0), outcome(1, 1), outcome(2, 0)],
    );
    await tell(old);
    expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['u2']);
    expect((await all(ledger.departed(scope))).map(({ login }) => login)).toEqual(['u1']);
  });

  it('keep from the first step of a disable on what enabling has to give back', async () => {
    const steps = [setStep({ roles: [] }), setStep({ active: false })];
    const disable = { operation: 'disable', steps, remember: { roles: ['Viewer'] } } as const;
    const doubt = outcome(1, 1, { result: 'unknown', errorCode: 'UNANSWERED' });
    await tell(await leaveUntold([update(1, disable)], [outcome(1, 0), doubt]));
    expect((await known('u1'))?.disabled).toEqual({ at: asOf, restore: { roles: ['Viewer'] } });
  });

  it('have what a reference stood for, and nothing of one that led nowhere', async () => {
    const steps = [setStep({ title: 'Manager' }), setStep({}, { references: { manager: 'e9' } })];
    const old = await leaveUntold(
      [update(1, { steps }), update(2, { steps })],
      [
        ...[outcome(1, 0), outcome(1, 1, { values: { manager: 'u9' } })],
        ...[outcome(2, 0), outcome(2, 1, { errorCode: 'UNRESOLVED_REFERENCE', attempts: 0 })],
      ],
    );
    await tell(old);
    expect((await known('u1'))?.attributes).toEqual({ title: 'Manager', manager: 'u9' });
    expect((await known('u2'))?.attributes).toEqual({ title: 'Manager' });
    // The pass that could be sent is over for both.
    expect((await known('u2'))?.written).toEqual({ title: { value: 'Manager', at: [asOf] } });
  });

  it('hear of the steps of a later pass when they come', async () => {
    const steps = [
      setStep({ userName: 'p1.tmp' }, { temporary: true }),
      setStep({ userName: 'ada' }, { wave: 1 }),
    ];
    const old = await leaveUntold([update(1, { steps, after: { userName: 'ada' } })], [outcome(1, 0)]);
    await tell(old);
    expect(await known('u1')).toMatchObject({ attributes: { userName: 'p1.tmp' } });
    await ledger.recordOutcomes(old.id, [outcome(1, 1)]);
    await tell(old);
    expect(await known('u1')).toMatchObject({
      attributes: { userName: 'ada' },
      written: { userName: { value: 'ada', at: [asOf] } },
    });
  });
});

describe('what a run left untold', () => {
  const steps = [setStep({ title: 'Manager' })];
  const many = Array.from({ length: 2_100 }, (_, index) => update(index + 1, { steps }));
  const outcomes = many.map(({ seq }) => outcome(seq, 0));

  it('is told by the next one, oldest run first, and only once', async () => {
    await leaveUntold([update(1, { steps })], [outcome(1, 0)], { id: 'first' });
    const assistant = { steps: [setStep({ title: 'Assistant' })], after: { title: 'Assistant' } };
    await leaveUntold([update(1, assistant)], [outcome(1, 0)], {
      id: 'second',
      asOf: '2026-06-02T00:00:00.000Z',
    });
    for (let time = 1; time <= 2; time += 1) {
      await tellOfEarlier({ ledger, scope }, { provider }, running);
      expect(await known('u1')).toMatchObject({
        attributes: { title: 'Assistant' },
        written: { title: { value: 'Assistant', at: ['2026-06-02T00:00:00.000Z'] } },
      });
    }
    expect(await ledger.untoldRuns(scope)).toEqual([]);
  });

  it('is told up to where somebody was told to stop, and the rest by whoever comes then', async () => {
    const stopping = new AbortController();
    const old = await leaveUntold(many, outcomes);
    const onTold = (): void => stopping.abort();
    await tellAccounts(old, { ledger, provider, signal: stopping.signal, onTold });
    expect(await all(ledger.accounts(scope))).toHaveLength(1_000);
    const told = { signal: stopping.signal };
    await expect(tellOfEarlier({ ledger, scope }, { provider }, told)).rejects.toMatchObject({ exit: 75 });
    await tellOfEarlier({ ledger, scope }, { provider }, running);
    const accounts = await all(ledger.accounts(scope));
    expect(accounts).toHaveLength(2_100);
    expect(accounts.every(({ written }) => written?.title?.at.length === 1)).toBe(true);
  });
});
