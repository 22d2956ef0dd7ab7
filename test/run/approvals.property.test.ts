import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision, KeptDecision, Ledger } from '../../src/contracts/ledger.ts';
import { type Need, type Operation, operations } from '../../src/domain/change.ts';
import type { Guard } from '../../src/guard/guard.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { decidedChange, releaseApproved, validApprovals } from '../../src/run/approvals.ts';
import { at, change, paged, run } from '../ledger/build.ts';

let folder = '';
let ledger: Ledger;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-approvals-'));
  ledger = await openLedger(join(folder, 'ledger.db'));
});
afterAll(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

const operationOf: Readonly<Record<string, Operation>> = {
  creates: 'create',
  updates: 'update',
  enables: 'enable',
  disables: 'disable',
  removals: 'remove',
};

/** Few people, users and values, so that sets overlap. */
const pool: readonly Need[] = [0, 1].flatMap((person) =>
  ['u1', 'u2'].flatMap((userId) =>
    operations.flatMap((operation) =>
      ['Clerk', null].map((title) =>
        change(1, { linkKey: `e${person}`, userId, operation, after: { title } }),
      ),
    ),
  ),
);
const planned = fc.subarray([...pool], { minLength: 1, maxLength: 5 });
/** Most of the changes that there may be, or few. */
const approved = fc.oneof(fc.subarray([...pool], { minLength: pool.length - 4 }), fc.subarray([...pool]));

interface Said {
  readonly kind: Decision['kind'];
  readonly plan: string;
  readonly isExpired: boolean;
  readonly set: readonly Need[];
}
const said: fc.Arbitrary<Said> = fc.record({
  kind: fc.constantFrom('approved', 'approved', 'rejected'),
  plan: fc.constantFrom('aa', 'bb', 'cc'),
  isExpired: fc.boolean(),
  set: approved,
});

const tripped = fc
  .subarray(Object.keys(operationOf), { minLength: 1 })
  .map((names) => names.map((name): Guard => ({ name, limit: 0, actual: 1, tripped: true, advice: 'x' })));

const textOf = ({ linkKey, operation, userId, after }: Need): string =>
  JSON.stringify([linkKey, operation, userId, after.title]);

/** The same rule, counted by hand: one approval has every guarded change, and nobody took any of them back since. */
function mayPass(guard: Guard, plan: readonly Need[], decisions: readonly Said[]): boolean {
  const guarded = plan.filter(({ operation }) => operation === operationOf[guard.name]).map(textOf);
  return decisions.some((approval, index) => {
    if (approval.kind !== 'approved' || approval.isExpired) return false;
    const later = decisions.slice(index + 1).filter(({ kind }) => kind === 'rejected');
    if (later.some(({ plan: rejected }) => rejected === approval.plan)) return false;
    const taken = new Set(later.flatMap(({ set }) => set.map(textOf)));
    const has = new Set(approval.set.map(textOf));
    return guarded.length > 0 && guarded.every((text) => has.has(text) && !taken.has(text));
  });
}

let scopes = 0;

describe('approvals', () => {
  it('release a guard exactly when all that it counts lies within one of them', async () => {
    let released = 0;
    await fc.assert(
      fc.asyncProperty(
        planned,
        tripped,
        fc.array(said, { minLength: 1, maxLength: 4 }),
        async (plan, guards, all) => {
          scopes += 1;
          const scope = { job: `job ${scopes}`, origin: 'https://example.com' };
          const runId = `run ${scopes}`;
          await ledger.startRun(run(runId, { scope }));
          for (const { kind, plan: planHash, isExpired, set } of all) {
            const decision = decisionOf({ kind, planHash, runId, expiresAt: isExpired ? at : null });
            await ledger.decide(scope, decision, paged(set.map(decidedChange)));
          }
          const end = await releaseApproved({
            ...{ ledger, scope, guards, at, reviewedHash: null, fourEyes: false },
            changes: () => plan,
          });
          for (const guard of end.guards) {
            const may = mayPass(guard, plan, all);
            expect([guard.name, guard.tripped]).toEqual([guard.name, !may]);
            if (may) released += 1;
            expect(guard.released ?? false).toBe(may);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(released).toBeGreaterThan(20);
  });

  it('know a change by its person, its operation, its user and its values, in whatever order they stand', () => {
    const one = change(1, { after: { title: 'Clerk', roles: ['b', 'a'] }, userId: 'u1' });
    const same = change(7, {
      after: { roles: ['a', 'b'], title: 'Clerk' },
      userId: 'u1',
      linkKey: one.linkKey,
    });
    expect(decidedChange(same)).toEqual(decidedChange(one));
    for (const other of [
      { after: { ...one.after, title: 'Manager' } },
      { after: { title: 'Clerk' } },
      { after: { ...one.after, title: null } },
      { userId: 'u2' },
    ]) {
      expect(decidedChange({ ...one, ...other }).digest).not.toBe(decidedChange(one).digest);
    }
  });

  it('of the feed or of the target’s answer release that very plan only, and only what was seen then', async () => {
    const scope = { job: 'doubts', origin: 'https://example.com' };
    await ledger.startRun(run('doubtful', { scope }));
    const plan = [change(1, { operation: 'update' })];
    const decision = decisionOf({ planHash: 'aa', runId: 'doubtful', guards: ['feedOlder'] });
    await ledger.decide(scope, decision, paged(plan.map(decidedChange)));
    const tries = async (guard: string, reviewedHash: string | null): Promise<boolean | undefined> => {
      const [name = '', actual = '1'] = guard.split('=');
      const guards: readonly Guard[] = [
        { name, limit: 0, actual: Number(actual), tripped: true, advice: 'x' },
      ];
      const under = { ledger, scope, guards, at, reviewedHash, fourEyes: false, changes: () => plan };
      return (await releaseApproved(under)).guards[0]?.tripped;
    };
    expect(await tries('feedOlder', 'aa')).toBe(false);
    expect(await tries('feedOlder', null)).toBe(true);
    expect(await tries('feedOlder', 'bb')).toBe(true);
    expect(await tries('targetRead', 'aa')).toBe(true);
    expect(await tries('updatesPer24h', null)).toBe(false);
    expect(await tries('aGuardOfTomorrow', null)).toBe(true);
    // Fewer rows are about who leaves, and nobody leaves by this plan; none at all are no feed.
    expect(await tries('feedRows=50', null)).toBe(true);
    expect(await tries('emptyCells', null)).toBe(false);
    const gone = [change(1, { operation: 'disable' })];
    const leaving = decisionOf({ planHash: 'cc', runId: 'doubtful', guards: ['feedRows'] });
    await ledger.decide(scope, leaving, paged(gone.map(decidedChange)));
    plan.splice(0, 1, ...gone);
    expect(await tries('feedRows=50', null)).toBe(false);
    expect(await tries('feedRows=0', null)).toBe(true);
    expect(await tries('feedRows=0', 'cc')).toBe(false);
  });

  it('by whoever made the plan count for nothing where two people are asked for', () => {
    const kept = (difference: Partial<Decision>): KeptDecision => ({ ...decisionOf(difference), entry: 1 });
    const fourEyes = { at, fourEyes: true };
    expect(validApprovals([kept({ plannedBy: 'ada', operator: 'bea', by: 'Bea' })], fourEyes)).toHaveLength(
      1,
    );
    expect(validApprovals([kept({ plannedBy: 'ada', operator: 'ada', by: 'Bea' })], fourEyes)).toEqual([]);
    expect(validApprovals([kept({ plannedBy: 'ada', operator: 'bea', by: 'ada' })], fourEyes)).toEqual([]);
  });
});

function decisionOf(difference: Partial<Decision>): Decision {
  return {
    kind: 'approved',
    planHash: 'aa',
    runId: 'planned',
    plannedBy: 'ada',
    by: 'Bea',
    operator: 'bea',
    reason: 'announced',
    at,
    expiresAt: null,
    guards: [],
    ...difference,
  };
}
