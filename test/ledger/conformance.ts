import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type {
  DecidedChange,
  Decision,
  FailureKey,
  Intent,
  Ledger,
  LockHolder,
  Settlement,
  StepOutcome,
  StepRef,
} from '../../src/contracts/ledger.ts';
import type { DuplicateRow } from '../../src/domain/person.ts';
import {
  account,
  all,
  at,
  change,
  otherScope,
  outcome,
  paged,
  quarantined,
  run,
  scope,
  shuffled,
} from './build.ts';
import { endChildren, lockInChild } from './child.ts';
import type { Source } from './hold-lock.ts';

/** A new, empty ledger: how to open it here, how another process does, and how to be rid of it. */
export interface LedgerUnderTest {
  open(): Promise<Ledger>;
  readonly source: Source;
  destroy(): Promise<void>;
}

const holder: LockHolder = { runId: 'run-1', pid: process.pid, host: 'here.example.com', since: at };
const settlement: Settlement = { outcomes: [], accounts: [], removed: [] };

/** What every implementation of the ledger's contract has to do. */
export function ledgerConformance(name: string, makeLedger: () => Promise<LedgerUnderTest>): void {
  describe(name, () => {
    let world: LedgerUnderTest;
    let ledger: Ledger;

    beforeEach(async () => {
      world = await makeLedger();
      ledger = await world.open();
    });
    afterEach(async () => {
      await endChildren();
      await ledger.close();
      await world.destroy();
    });

    async function reopen(): Promise<void> {
      await ledger.close();
      ledger = await world.open();
    }

    /** A run with stored changes 1 to `count`. */
    async function startRun(id: string, count: number): Promise<void> {
      await ledger.startRun(run(id));
      await ledger.storeChanges(
        id,
        Array.from({ length: count }, (_, index) => change(index + 1)),
      );
    }

    async function openSteps(runId: string): Promise<readonly string[]> {
      return (await all(ledger.openSteps(runId))).map(({ seq, step }) => `${seq}.${step}`);
    }

    /** The steps of each slice that is untold. */
    async function untoldOf(runId: string): Promise<readonly (readonly string[])[]> {
      const slices: string[][] = [];
      for await (const { results } of ledger.untold(runId)) {
        const outcomes = results.flatMap((result) => result.outcomes);
        slices.push(outcomes.map(({ seq, step }) => `${seq}.${step}`));
        // Only what is told is over.
        if (slices.length > 3) break;
      }
      return slices;
    }

    describe('lineage', () => {
      test('stays the same when the ledger is opened again', async () => {
        const { lineage } = ledger;
        await reopen();
        expect(ledger.lineage).toBe(lineage);
        expect(lineage).not.toBe('');
      });

      test('differs from another ledger’s', async () => {
        const other = await makeLedger();
        const otherLedger = await other.open();
        expect(otherLedger.lineage).not.toBe(ledger.lineage);
        await otherLedger.close();
        await other.destroy();
      });
    });

    describe('scope', () => {
      test('remembers nothing of a scope that it has never heard of', async () => {
        expect(await ledger.scope(scope)).toEqual({
          completeReadAt: null,
          lastAppliedRun: null,
        });
      });

      test('remembers the last complete read', async () => {
        await ledger.noteCompleteRead(scope, '2026-11-01T02:15:00.000Z');
        await ledger.noteCompleteRead(scope, at);
        await reopen();
        expect(await ledger.scope(scope)).toEqual({
          completeReadAt: at,
          lastAppliedRun: null,
        });
        expect((await ledger.scope(otherScope)).completeReadAt).toBeNull();
      });

      test('remembers every accepted feed by name and bytes, and how its run ended', async () => {
        const feed = {
          feed: 'employees',
          file: 'hr.csv',
          sha256: 'ab12',
          bytes: 110_000_000_000,
          rows: 1_000_000,
          modifiedAt: null,
          at,
        };
        const newer = { ...feed, sha256: 'cd34', modifiedAt: at };
        await ledger.startRun(run('first'));
        await ledger.acceptFeed('first', feed);
        await ledger.acceptFeed('first', { ...feed, feed: 'contractors' });
        await ledger.finishRun('first', { state: 'stopped', finishedAt: at, exitCode: 4 });
        await ledger.startRun(run('second'));
        await ledger.acceptFeed('second', feed);
        await ledger.acceptFeed('second', newer);
        await ledger.finishRun('second', { state: 'finished', finishedAt: at, exitCode: 2 });
        await reopen();
        expect(await ledger.lastAcceptedFeed(scope, 'employees')).toEqual({
          ...newer,
          runId: 'second',
          exitCode: 2,
        });
        expect(await ledger.acceptedFeeds(scope, 'employees', 'ab12')).toEqual([
          { ...feed, runId: 'second', exitCode: 2 },
          { ...feed, runId: 'first', exitCode: 4 },
        ]);
        expect(await ledger.lastAcceptedFeed(scope, 'visitors')).toBeNull();
        expect(await ledger.lastAcceptedFeed(otherScope, 'employees')).toBeNull();
      });

      test('names the newest run that may have written to the target', async () => {
        const end = { state: 'finished', finishedAt: at } as const;
        for (const [id, exitCode] of [
          ['wrote', 2],
          ['held', 3],
          ['target-down', 75],
        ] as const) {
          await ledger.startRun(run(id));
          await ledger.finishRun(id, { ...end, exitCode });
        }
        await ledger.startRun(run('plan', { mode: 'plan' }));
        await ledger.finishRun('plan', { ...end, exitCode: 0 });
        await ledger.startRun(run('elsewhere', { scope: otherScope }));
        await ledger.finishRun('elsewhere', { ...end, exitCode: 0 });
        await startRun('under-way', 1);
        expect((await ledger.scope(scope)).lastAppliedRun).toBe('wrote');

        await ledger.recordIntents('under-way', [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
        expect((await ledger.scope(scope)).lastAppliedRun).toBe('under-way');
      });
    });

    describe('decisions', () => {
      const decision = (difference: Partial<Decision> = {}): Decision => ({
        kind: 'approved',
        planHash: 'ab12',
        runId: 'planned',
        plannedBy: 'ada',
        by: 'Bea',
        operator: 'bea',
        reason: 'the spring reorganisation',
        at,
        expiresAt: '2026-11-09T02:15:00.000Z',
        guards: ['disables'],
        ...difference,
      });
      const about = (n: number, difference: Partial<DecidedChange> = {}): DecidedChange => ({
        linkKey: `e${n}`,
        operation: 'disable',
        digest: 'd1',
        ...difference,
      });

      beforeEach(() => ledger.startRun(run('planned')));

      test('are found again with all they say, newest first', async () => {
        const approval = await ledger.decide(scope, decision(), paged([about(1)]));
        const rejection = await ledger.decide(
          scope,
          decision({ kind: 'rejected', expiresAt: null, guards: [] }),
          paged<DecidedChange>(),
        );
        await reopen();
        expect(await ledger.decisions(scope)).toEqual([rejection, approval]);
        expect(approval).toEqual({ ...decision(), entry: approval.entry });
        expect(await ledger.decisions(otherScope)).toEqual([]);
      });

      test('approve exactly the changes that they are about', async () => {
        const approval = await ledger.decide(scope, decision(), paged([about(1), about(2)], [about(3)]));
        await reopen();
        expect(await ledger.isApproved(approval, [about(1), about(2), about(3)])).toBe(true);
        expect(await ledger.isApproved(approval, [])).toBe(true);
        for (const outside of [about(4), about(1, { operation: 'remove' }), about(1, { digest: 'd2' })]) {
          expect(await ledger.isApproved(approval, [about(1), outside])).toBe(false);
        }
      });

      test('approve nothing that a later one rejects, nor what only another one approves', async () => {
        const first = await ledger.decide(scope, decision(), paged([about(1), about(2)]));
        const second = await ledger.decide(scope, decision(), paged([about(3)]));
        expect(await ledger.isApproved(first, [about(3)])).toBe(false);
        await ledger.decide(scope, decision({ kind: 'rejected', expiresAt: null }), paged([about(1)]));
        expect(await ledger.isApproved(first, [about(1)])).toBe(false);
        expect(await ledger.isApproved(first, [about(2)])).toBe(true);
        const third = await ledger.decide(scope, decision(), paged([about(1)]));
        expect(await ledger.isApproved(third, [about(1)])).toBe(true);
        expect(await ledger.isApproved(second, [about(3)])).toBe(true);
      });

      test('say nothing while their changes are still being kept, or when they never all were', async () => {
        const broken = (async function* () {
          yield [about(1)];
          throw new Error('killed');
        })();
        await expect(ledger.decide(scope, decision(), broken)).rejects.toThrow('killed');
        expect(await ledger.decisions(scope)).toEqual([]);
      });

      test('find the plan that they are about by the beginning of its hash', async () => {
        await ledger.startRun(run('later'));
        await ledger.notePlan('planned', 'ab12ff');
        await ledger.notePlan('later', 'ab12ff');
        await ledger.startRun(run('other'));
        await ledger.notePlan('other', 'ab13ff');
        await reopen();
        expect(await ledger.plans('ab12')).toEqual([
          { runId: 'later', planHash: 'ab12ff' },
          { runId: 'planned', planHash: 'ab12ff' },
        ]);
        expect(await ledger.plans('ab')).toHaveLength(3);
        expect(await ledger.plans('b')).toEqual([]);
      });
    });

    describe('bars', () => {
      test('stay until they are lifted', async () => {
        const bar = { linkKey: 'e1', key: 'E1', by: 'Bea', reason: 'dismissed', at };
        await ledger.bar(scope, bar);
        await ledger.bar(scope, { ...bar, linkKey: 'e2', key: 'E2' });
        await ledger.bar(scope, { ...bar, reason: 'dismissed at once' });
        await reopen();
        expect(await ledger.bars(scope)).toEqual([
          { ...bar, reason: 'dismissed at once' },
          { ...bar, linkKey: 'e2', key: 'E2' },
        ]);
        expect(await ledger.bars(otherScope)).toEqual([]);
        await ledger.liftBars(scope, ['e1']);
        expect((await ledger.bars(scope)).map(({ key }) => key)).toEqual(['E2']);
      });
    });

    describe('protections', () => {
      test('stay until they are lifted, expired ones too', async () => {
        const until = '2026-11-03T00:00:00.000Z';
        const protection = { linkKey: 'e1', key: 'E1', until, reason: 'on secondment', operator: 'ada', at };
        await ledger.protect(scope, protection);
        await ledger.protect(scope, { ...protection, linkKey: 'e2', key: 'E2' });
        await ledger.protect(scope, { ...protection, until: at });
        await reopen();
        expect(await ledger.protections(scope)).toEqual([
          { ...protection, until: at },
          { ...protection, linkKey: 'e2', key: 'E2' },
        ]);
        expect(await ledger.protections(otherScope)).toEqual([]);
        await ledger.unprotect(scope, ['e1', 'e3']);
        expect((await ledger.protections(scope)).map(({ key }) => key)).toEqual(['E2']);
      });
    });

    describe('who was removed', () => {
      test('is remembered with the login and the day, and only where a run removed the user', async () => {
        const logins = { attributes: { userName: 'Ada@example.com' } };
        await ledger.startRun(run('first'));
        await ledger.startRun(run('second', { asOf: '2026-11-05T02:15:00.000Z' }));
        const save = () =>
          ledger.saveAccounts(scope, [
            account('ada', { linkKey: 'e1', key: 'E1', ...logins }),
            account('bob', { attributes: {} }),
            account('cleo', { linkKey: 'e3', key: 'E3' }),
          ]);
        await save();
        await ledger.settle('first', scope, { ...settlement, removed: ['ada', 'bob', 'nobody'] });
        await ledger.forgetAccounts(scope, ['cleo']);
        await save();
        await ledger.settle('second', scope, { ...settlement, removed: ['ada'] });
        await reopen();
        expect(await all(ledger.departed(scope))).toEqual([
          { linkKey: 'e1', login: 'Ada@example.com', at: '2026-11-05T02:15:00.000Z' },
          { linkKey: 'bob', login: null, at },
        ]);
        expect(await all(ledger.departed(otherScope))).toEqual([]);
      });

      test('comes page by page', async () => {
        const ids = Array.from({ length: 1_203 }, (_, index) => `user${index}`);
        await ledger.startRun(run('first'));
        await ledger.saveAccounts(
          scope,
          ids.map((id) => account(id)),
        );
        await ledger.settle('first', scope, { ...settlement, removed: ids });
        expect((await all(ledger.departed(scope))).map(({ linkKey }) => linkKey)).toEqual(ids);
      });
    });

    describe('accounts', () => {
      test('come back as they were saved', async () => {
        const saved = [
          account('ada', {
            active: false,
            attributes: { userName: 'Ada O’Hara', active: false, roles: [], manager: null },
            linkKey: 'e1',
            key: 'E1',
            disabled: { at, restore: { roles: ['Viewer'] } },
            leaverSince: at,
            absent: { feedSha256: 'ab12', at },
            feed: 'contractors',
            agreed: { title: 'Clerk', roles: ['Viewer'], manager: null },
            written: { title: { value: 'Clerk', at: [at] } },
          }),
          account('bob'),
        ];
        await ledger.saveAccounts(scope, saved);
        await reopen();
        expect(await all(ledger.accounts(scope))).toEqual(saved);
      });

      test('are replaced by user id, the later entry of one call included', async () => {
        await ledger.saveAccounts(scope, [account('ada', { linkKey: 'e1', key: 'E1' }), account('bob')]);
        await ledger.saveAccounts(scope, [
          account('ada', { linkKey: 'e2' }),
          account('ada', { active: false }),
        ]);
        expect(await all(ledger.accounts(scope))).toEqual([
          account('ada', { active: false }),
          account('bob'),
        ]);
      });

      test('come in pages, ordered by user id, none left out or given twice', async () => {
        const ids = shuffled(3500).map((number) => `user${String(number).padStart(5, '0')}`);
        await ledger.saveAccounts(
          scope,
          ids.map((id) => account(id)),
        );
        const read: string[] = [];
        for await (const page of ledger.accounts(scope)) {
          expect(page.length).toBeGreaterThan(0);
          expect(page.length).toBeLessThan(3500);
          read.push(...page.map(({ id }) => id));
        }
        expect(read).toEqual(ids.toSorted());
      });

      test('are ordered by code point, whatever the language', async () => {
        const ids = ['B', 'a', 'a b', 'ab', 'é', 'ｆ', '😀'];
        await ledger.saveAccounts(
          scope,
          ids.toReversed().map((id) => account(id)),
        );
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(ids);
      });

      test('may be written while they are being read', async () => {
        const ids = shuffled(2500).map((number) => `user${String(number).padStart(5, '0')}`);
        await ledger.saveAccounts(
          scope,
          ids.map((id) => account(id)),
        );
        let read = 0;
        for await (const page of ledger.accounts(scope)) {
          await ledger.saveAccounts(
            scope,
            page.map(({ id }) => account(id, { active: false })),
          );
          read += page.length;
        }
        expect(read).toBe(2500);
        expect((await all(ledger.accounts(scope))).some(({ active }) => active)).toBe(false);
      });

      test('are found by user id, those that the ledger knows', async () => {
        await ledger.saveAccounts(scope, [account('ada'), account('bob')]);
        expect(await ledger.accountsById(scope, ['bob', 'nobody'])).toEqual(
          new Map([['bob', account('bob')]]),
        );
        expect(await ledger.accountsById(otherScope, ['bob'])).toEqual(new Map());
      });

      test('are forgotten by user id', async () => {
        await ledger.saveAccounts(scope, [account('ada'), account('bob')]);
        await ledger.forgetAccounts(scope, ['ada', 'nobody']);
        expect(await all(ledger.accounts(scope))).toEqual([account('bob')]);
      });

      test('of one scope are never those of another', async () => {
        await ledger.saveAccounts(scope, [account('ada', { key: 'production' })]);
        await ledger.saveAccounts(otherScope, [account('ada', { key: 'test' })]);
        await ledger.forgetAccounts({ job: 'crm', origin: scope.origin }, ['ada']);
        await ledger.forgetAccounts(otherScope, ['ada']);
        expect(await all(ledger.accounts(scope))).toEqual([account('ada', { key: 'production' })]);
        expect(await all(ledger.accounts(otherScope))).toEqual([]);
      });
    });

    describe('runs', () => {
      test('come back as they were started and ended', async () => {
        const facts = { feed: { rows: 3 }, columns: ['Employee ID'] };
        await ledger.startRun(run('run-1'));
        await ledger.saveRunFacts('run-1', facts);
        await ledger.finishRun('run-1', { state: 'finished', finishedAt: at, exitCode: 2 });
        await reopen();
        expect(await ledger.run('run-1')).toEqual(
          run('run-1', { facts, state: 'finished', finishedAt: at, exitCode: 2 }),
        );
        expect(await ledger.run('run-2')).toBeNull();
      });

      test('say why they ended without a report, until they end anew', async () => {
        const brokenOff = 'The target asked for a pause.';
        await ledger.startRun(run('run-1'));
        await ledger.finishRun('run-1', { state: 'stopped', finishedAt: at, exitCode: 4, brokenOff });
        await reopen();
        expect((await ledger.run('run-1'))?.brokenOff).toBe(brokenOff);
        await ledger.finishRun('run-1', { state: 'finished', finishedAt: at, exitCode: 0 });
        expect(await ledger.run('run-1')).not.toHaveProperty('brokenOff');
      });

      test('are listed newest first, up to the limit, by scope or by job', async () => {
        await ledger.startRun(run('first'));
        await ledger.startRun(run('second', { scope: otherScope }));
        await ledger.startRun(run('third', { scope: { job: 'crm', origin: scope.origin } }));
        const ids = async (filter: Parameters<Ledger['runs']>[0]) =>
          (await ledger.runs(filter)).map(({ id }) => id);
        expect(await ids({ limit: 10 })).toEqual(['third', 'second', 'first']);
        expect(await ids({ limit: 2 })).toEqual(['third', 'second']);
        expect(await ids({ job: 'hr', limit: 10 })).toEqual(['second', 'first']);
        expect(await ids({ scope, limit: 10 })).toEqual(['first']);
      });

      test('are later than those begun before them, whatever their ids and their clocks say', async () => {
        await ledger.startRun(run('b', { startedAt: '2026-11-02T00:00:00.000Z' }));
        await ledger.startRun(run('a', { startedAt: '2026-11-01T00:00:00.000Z' }));
        expect([await ledger.isLater('a', 'b'), await ledger.isLater('b', 'a')]).toEqual([true, false]);
        await reopen();
        expect([await ledger.isLater('a', 'b'), await ledger.isLater('b', 'b')]).toEqual([true, false]);
      });

      test('that are running or stopped are open, oldest first', async () => {
        for (const [id, state] of [
          ['stopped', 'stopped'],
          ['finished', 'finished'],
          ['superseded', 'superseded'],
        ] as const) {
          await ledger.startRun(run(id));
          await ledger.finishRun(id, { state, finishedAt: at, exitCode: 4 });
        }
        await ledger.startRun(run('running'));
        await ledger.startRun(run('elsewhere', { scope: otherScope }));
        expect((await ledger.openRuns(scope)).map(({ id }) => id)).toEqual(['stopped', 'running']);
      });

      test('that sent something, and ended since a moment or not at all, are told by their ids', async () => {
        const [before, later] = ['2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'];
        const intents = [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }];
        for (const [id, finishedAt, difference] of [
          ['ended-before', before, {}],
          ['sent', later, {}],
          ['under-way', null, {}],
          ['planned', later, { mode: 'plan' }],
          ['elsewhere', later, { scope: otherScope }],
        ] as const) {
          await ledger.startRun(run(id, difference));
          await ledger.storeChanges(id, [change(1)]);
          await ledger.recordIntents(id, intents);
          if (finishedAt === null) continue;
          await ledger.finishRun(id, { state: 'finished', finishedAt, exitCode: 0 });
        }
        await ledger.startRun(run('sent-nothing'));
        await ledger.finishRun('sent-nothing', { state: 'finished', finishedAt: later, exitCode: 0 });
        expect(await ledger.sendersSince(scope, at)).toEqual(['sent', 'under-way']);
        expect(await ledger.sendersSince({ job: 'new', origin: scope.origin }, at)).toEqual([]);
      });

      test('cannot be started twice or written when unknown', async () => {
        await ledger.startRun(run('run-1'));
        await expect(ledger.startRun(run('run-1'))).rejects.toThrow();
        await expect(ledger.storeChanges('run-2', [change(1)])).rejects.toMatchObject({
          code: 'RUN_UNKNOWN',
        });
        await expect(all(ledger.changes('run-2'))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
      });
    });

    describe('changes and quarantine', () => {
      test('changes come in the order of the plan, run by run, as they were stored', async () => {
        const numbers = shuffled(2500);
        await ledger.startRun(run('run-1'));
        await ledger.startRun(run('run-2'));
        await ledger.storeChanges('run-2', [change(1, { key: 'another run' })]);
        await ledger.storeChanges(
          'run-1',
          numbers.map((seq) => change(seq)),
        );
        await reopen();
        expect(await all(ledger.changes('run-1'))).toEqual(
          numbers.toSorted((one, other) => one - other).map((seq) => change(seq)),
        );
      });

      test('quarantined rows come in the order of their lines, several of one line included', async () => {
        const lines = shuffled(2500);
        await ledger.startRun(run('run-1'));
        await ledger.startRun(run('run-2'));
        await ledger.storeQuarantine(
          'run-1',
          lines.map((line) => quarantined(line)),
        );
        await ledger.storeQuarantine('run-1', [
          quarantined(1000, { code: 'DUPLICATE_PERSON', column: null }),
        ]);
        await reopen();
        const rows = await all(ledger.quarantine('run-1'));
        expect(rows.map(({ row }) => row.line)).toEqual(
          [...lines, 1000].toSorted((one, other) => one - other),
        );
        expect(rows.slice(998, 1001)).toEqual([
          quarantined(999),
          quarantined(1000),
          quarantined(1000, { code: 'DUPLICATE_PERSON', column: null }),
        ]);
        expect(await all(ledger.quarantine('run-2'))).toEqual([]);
      });

      test('duplicates come in the order of their lines, apart from the quarantine', async () => {
        await ledger.startRun(run('run-1'));
        await ledger.startRun(run('run-2'));
        const duplicate = (line: number): DuplicateRow => ({
          row: { line, cells: [] },
          key: 'E1',
          winner: { line: 1 },
          rule: 'Status = active',
        });
        await ledger.storeDuplicates('run-1', [duplicate(7), duplicate(3)]);
        await ledger.storeDuplicates('run-1', [duplicate(5)]);
        await reopen();
        expect(await all(ledger.duplicates('run-1'))).toEqual([3, 5, 7].map(duplicate));
        expect(await all(ledger.duplicates('run-2'))).toEqual([]);
        expect(await all(ledger.quarantine('run-1'))).toEqual([]);
      });
    });

    describe('intents and outcomes', () => {
      test('a step is open from its intent until its outcome', async () => {
        await startRun('run-1', 3);
        expect(await openSteps('run-1')).toEqual([]);
        await ledger.recordIntents('run-1', [
          { batch: 2, attempt: 1, at, steps: [{ seq: 3, step: 0 }] },
          {
            batch: 1,
            attempt: 1,
            at,
            steps: [
              { seq: 1, step: 1 },
              { seq: 1, step: 0 },
            ],
          },
        ]);
        await reopen();
        expect(await openSteps('run-1')).toEqual(['1.0', '1.1', '3.0']);
        await ledger.settle('run-1', scope, {
          ...settlement,
          outcomes: [outcome(1, 0), outcome(3, 0, { result: 'failed' })],
        });
        await reopen();
        expect(await openSteps('run-1')).toEqual(['1.1']);
      });

      test('a run was last heard of when it told of a step last', async () => {
        await startRun('run-1', 2);
        await startRun('run-2', 1);
        expect(await ledger.lastEntryAt('run-1')).toBeNull();
        const early = { batch: 1, attempt: 1, at: '2026-11-02T02:16:00.000Z', steps: [{ seq: 1, step: 0 }] };
        await ledger.recordIntents('run-1', [early]);
        expect(await ledger.lastEntryAt('run-1')).toBe(early.at);
        const settledAt = '2026-11-02T02:17:00.000Z';
        const outcomes = [outcome(1, 0, { at: settledAt })];
        await ledger.settle('run-1', scope, { ...settlement, outcomes });
        await ledger.recordIntents('run-2', [{ ...early, at: '2026-11-02T02:18:00.000Z' }]);
        expect(await ledger.lastEntryAt('run-1')).toBe(settledAt);
        expect(await ledger.lastEntryAt('nobody')).toBeNull();
      });

      test('the last batch of a run has the highest number that it intended, whatever slice its steps are of', async () => {
        await startRun('run-1', 2_500);
        await startRun('run-2', 1);
        const intent = (batch: number, ...seqs: number[]) => ({
          batch,
          attempt: 1,
          at,
          steps: seqs.map((seq) => ({ seq, step: 0 })),
        });
        expect(await ledger.lastBatch('run-1')).toBe(0);
        await ledger.recordIntents('run-1', [intent(1, 1), intent(2, 2_400)]);
        await ledger.recordIntents('run-1', [intent(9, 2, 1_200), intent(10, 3), intent(3, 2_401)]);
        await ledger.recordIntents('run-2', [intent(40, 1)]);
        await ledger.settle('run-1', scope, { ...settlement, outcomes: [outcome(1, 0)] });
        expect(await ledger.lastBatch('run-1')).toBe(10);
      });

      test('it says when a step was intended first, whatever was intended or settled later', async () => {
        await startRun('run-1', 2_500);
        const intent = (batch: number, minute: number, ...seqs: number[]) => ({
          batch,
          attempt: 1,
          at: `2026-11-02T02:0${minute}:00.000Z`,
          steps: seqs.map((seq) => ({ seq, step: 0 })),
        });
        await ledger.recordIntents('run-1', [intent(1, 1, 1, 2)]);
        await ledger.recordIntents('run-1', [intent(2, 2, 2_400)]);
        await ledger.settle('run-1', scope, {
          ...settlement,
          outcomes: [outcome(1, 0, { result: 'unknown', errorCode: 'UNANSWERED' })],
        });
        await ledger.recordIntents('run-1', [intent(3, 3, 1)]);
        const steps = [2_400, 1, 3].map((seq) => ({ seq, step: 0 }));
        expect(await ledger.intendedAt('run-1', [...steps, { seq: 1, step: 1 }])).toEqual([
          '2026-11-02T02:02:00.000Z',
          '2026-11-02T02:01:00.000Z',
          null,
          null,
        ]);
      });

      test('a step whose outcome is unknown stays open until a later outcome replaces it', async () => {
        await startRun('run-1', 1);
        await ledger.recordIntents('run-1', [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
        await ledger.settle('run-1', scope, {
          ...settlement,
          outcomes: [outcome(1, 0, { result: 'unknown', errorCode: 'UNANSWERED' })],
        });
        expect(await openSteps('run-1')).toEqual(['1.0']);
        await ledger.settle('run-1', scope, { ...settlement, outcomes: [outcome(1, 0, { attempts: 2 })] });
        expect(await openSteps('run-1')).toEqual([]);
        expect((await all(ledger.results('run-1')))[0]?.outcomes).toEqual([outcome(1, 0, { attempts: 2 })]);
      });

      test('the history of a person has what each run had to do, the newest first, and nobody else', async () => {
        await startRun('run-1', 3);
        await startRun('run-2', 3);
        await ledger.settle('run-1', scope, { ...settlement, outcomes: [outcome(2, 0)] });
        const person = (await all(ledger.changes('run-1')))[1]?.linkKey ?? '';
        const history = await ledger.history(scope, person, 10);
        expect(history.map(({ run, change, outcomes }) => [run.id, change.seq, outcomes.length])).toEqual([
          ['run-2', 2, 0],
          ['run-1', 2, 1],
        ]);
        expect(await ledger.history(scope, person, 1)).toHaveLength(1);
        expect(await ledger.history(scope, person.slice(0, -1), 10)).toEqual([]);
        expect(await ledger.history({ ...scope, job: 'other' }, person, 10)).toEqual([]);
      });

      test('a new intent opens a settled step again', async () => {
        await startRun('run-1', 1);
        await ledger.settle('run-1', scope, {
          ...settlement,
          outcomes: [outcome(1, 0, { result: 'notSent', errorCode: 'STOPPED', attempts: 0 })],
        });
        expect(await openSteps('run-1')).toEqual([]);
        await ledger.recordIntents('run-1', [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
        expect(await openSteps('run-1')).toEqual(['1.0']);
      });

      test('open steps carry their change, come in pages and belong to one run', async () => {
        const numbers = shuffled(1500);
        await startRun('run-1', 1500);
        await startRun('run-2', 1);
        await ledger.recordIntents('run-2', [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
        await ledger.recordIntents(
          'run-1',
          numbers.map((seq) => ({
            batch: seq,
            attempt: 1,
            at,
            steps: [
              { seq, step: 0 },
              { seq, step: 1 },
            ],
          })),
        );
        const open = await all(ledger.openSteps('run-1'));
        expect(open).toHaveLength(3000);
        expect(open[1001]).toEqual({ runId: 'run-1', seq: 501, step: 1, change: change(501) });
        expect(open.map(({ seq, step }) => seq * 2 + step)).toEqual(
          Array.from({ length: 3000 }, (_, index) => index + 2),
        );
      });

      test('whatever is told of steps, in any mixture, the last word on each counts', async () => {
        const count = 2_100;
        await startRun('run-1', count);
        const last = new Map<string, StepOutcome | null>();
        for (const { intents, outcomes } of stepStory(count)) {
          if (intents.length > 0) await ledger.recordIntents('run-1', intents);
          else await ledger.settle('run-1', scope, { ...settlement, outcomes });
          for (const { seq, step } of intents.flatMap(({ steps }) => steps)) last.set(`${seq}.${step}`, null);
          for (const one of outcomes) last.set(`${one.seq}.${one.step}`, one);
        }
        await reopen();
        const told = (await all(ledger.results('run-1'))).flatMap(({ outcomes }) => outcomes);
        expect(told).toEqual([...last.values()].filter((one) => one !== null).sort(inOrder));
        const open = [...last].filter(([, one]) => one === null || one.result === 'unknown');
        expect(new Set(await openSteps('run-1'))).toEqual(new Set(open.map(([name]) => name)));
        expect((await all(ledger.openSteps('run-1'))).toSorted(inOrder)).toEqual(
          await all(ledger.openSteps('run-1')),
        );
      });

      test('what is asked for at the same time is all written', async () => {
        await startRun('run-1', 40);
        await Promise.all([
          ledger.recordOutcomes('run-1', [outcome(1, 0)]),
          ledger.recordIntents('run-1', [{ batch: 1, attempt: 1, at, steps: [{ seq: 2, step: 0 }] }]),
          ledger.settle('run-1', scope, { ...settlement, accounts: [account('ada')] }),
        ]);
        await reopen();
        expect(await openSteps('run-1')).toEqual(['2.0']);
        expect((await all(ledger.results('run-1')))[0]?.outcomes).toEqual([outcome(1, 0)]);
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada']);
      });

      test.each([0, 1, 999, 1_000, 1_001, 3_500])(
        'what is to be sent of %i changes is what sending needs of them',
        async (count) => {
          await startRun('run-1', count);
          await startRun('run-2', 2);
          const needed = (await all(ledger.changes('run-1'))).map(
            ({ seq, disposition, operation, userId, user, after, steps }) => ({
              ...{ seq, disposition, operation, userId, user, after, steps },
            }),
          );
          expect(needed).toHaveLength(count);
          for (const atOnce of [1, 500]) {
            expect(await all(ledger.sendable('run-1', atOnce))).toEqual(needed);
          }
        },
      );

      test('what is to be sent can be read while entries are written, and left unread', async () => {
        await startRun('run-1', 5_500);
        await ledger.prepareToSend();
        let read = 0;
        for await (const page of ledger.sendable('run-1', 1)) {
          read += page.length;
          const steps = page.map(({ seq }) => ({ seq, step: 0 }));
          await ledger.recordIntents('run-1', [{ batch: read, attempt: 1, at, steps }]);
          if (read === 3_000) break;
        }
        await reopen();
        expect(await openSteps('run-1')).toHaveLength(3_000);
      });

      test('outcomes alone leave the accounts as they are, and are untold slice by slice', async () => {
        await startRun('run-1', 2_100);
        await startRun('run-2', 1);
        await ledger.saveAccounts(scope, [account('ada')]);
        await ledger.recordIntents('run-1', [{ batch: 1, attempt: 1, at, steps: [{ seq: 9, step: 0 }] }]);
        expect(await ledger.untoldRuns(scope)).toEqual([]);
        await ledger.recordOutcomes('run-1', [outcome(2_001, 0), outcome(7, 1), outcome(7, 0)]);
        await ledger.recordOutcomes('run-1', [outcome(3, 0, { result: 'failed', errorCode: 'REFUSED' })]);
        await reopen();
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada']);
        expect((await ledger.untoldRuns(scope)).map(({ id }) => id)).toEqual(['run-1']);
        expect(await ledger.untoldRuns(otherScope)).toEqual([]);
        expect(await untoldOf('run-1')).toEqual([['3.0', '7.0', '7.1'], ['2001.0']]);
        expect(await untoldOf('run-2')).toEqual([]);
      });

      test('what accounts were told they are not told again, wherever somebody was killed in between', async () => {
        await startRun('run-1', 2_100);
        await ledger.recordOutcomes('run-1', [outcome(1, 0), outcome(2_001, 0)]);
        for await (const untold of ledger.untold('run-1')) {
          await ledger.tellAccounts(scope, untold, {
            accounts: [account('ada'), account('bob')],
            removed: [],
          });
          break;
        }
        await reopen();
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada', 'bob']);
        expect(await untoldOf('run-1')).toEqual([['2001.0']]);
        expect((await ledger.untoldRuns(scope)).map(({ id }) => id)).toEqual(['run-1']);
        for await (const untold of ledger.untold('run-1')) {
          await ledger.tellAccounts(scope, untold, { accounts: [], removed: ['bob'] });
        }
        await ledger.noteAllTold('run-1');
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada']);
        expect((await all(ledger.departed(scope))).map(({ linkKey }) => linkKey)).toEqual(['bob']);
        expect(await untoldOf('run-1')).toEqual([]);
        expect(await ledger.untoldRuns(scope)).toEqual([]);
        // A later pass tells of the same slice again.
        await ledger.recordOutcomes('run-1', [outcome(1, 1)]);
        expect((await ledger.untoldRuns(scope)).map(({ id }) => id)).toEqual(['run-1']);
        expect(await untoldOf('run-1')).toEqual([['1.1']]);
      });

      test('many outcomes of one slice are untold in portions, in the order in which they came', async () => {
        await startRun('run-1', 1_000);
        const seqs = Array.from({ length: 200 }, (_, index) => index + 1);
        await ledger.recordOutcomes(
          'run-1',
          seqs.map((seq) => outcome(seq, 0)),
        );
        await ledger.recordOutcomes(
          'run-1',
          seqs.map((seq) => outcome(seq + 300, 0)),
        );
        await ledger.recordOutcomes('run-1', [outcome(1, 1)]);
        expect((await untoldOf('run-1')).map((steps) => steps.length)).toEqual([200, 201]);
        for await (const untold of ledger.untold('run-1')) {
          await ledger.tellAccounts(scope, untold, { accounts: [], removed: [] });
          break;
        }
        await reopen();
        const [rest = [], ...others] = await untoldOf('run-1');
        expect([rest.length, rest[0], rest.at(-1), others]).toEqual([201, '1.1', '500.0', []]);
      });

      test('what is untold says of each change what its account has to know', async () => {
        const stored = change(1, {
          operation: 'disable',
          key: '00000001',
          linkKey: 'é"1',
          cause: 'absence',
          feed: 'people',
          remember: { roles: ['User'] },
        });
        await ledger.startRun(run('run-1'));
        await ledger.storeChanges('run-1', [stored]);
        await ledger.recordOutcomes('run-1', [outcome(1, 0)]);
        for await (const { results } of ledger.untold('run-1')) {
          const { disposition, reason, user, rows, before, conflict, undo, ...known } = stored;
          expect(results).toEqual([{ change: known, outcomes: [outcome(1, 0)] }]);
        }
      });

      test('telling does all or nothing', async () => {
        await startRun('run-1', 1);
        await ledger.recordOutcomes('run-1', [outcome(1, 0)]);
        for await (const untold of ledger.untold('run-1')) {
          const withoutId = { accounts: [account('bob'), account('')], removed: [] };
          await expect(ledger.tellAccounts(scope, untold, withoutId)).rejects.toThrow();
        }
        expect(await all(ledger.accounts(scope))).toEqual([]);
        expect(await untoldOf('run-1')).toEqual([['1.0']]);
      });

      test('settling is refused where accounts have yet to be told, and tells them itself', async () => {
        await startRun('run-1', 2);
        await ledger.recordOutcomes('run-1', [outcome(1, 0)]);
        const settled = { ...settlement, outcomes: [outcome(2, 0)] };
        await expect(ledger.settle('run-1', scope, settled)).rejects.toThrow(
          'told of slice 0 of run run-1 first',
        );
        for await (const untold of ledger.untold('run-1'))
          await ledger.tellAccounts(scope, untold, settlement);
        await ledger.settle('run-1', scope, settled);
        expect(await untoldOf('run-1')).toEqual([]);
      });

      test('the values that a step wrote beside the plan are kept with its outcome', async () => {
        await startRun('run-1', 3);
        const values = { manager: 'u7', title: null };
        const outcomes = [outcome(1, 0), outcome(2, 0, { values }), outcome(3, 0)];
        await ledger.recordOutcomes('run-1', outcomes);
        expect((await all(ledger.results('run-1'))).flatMap((result) => result.outcomes)).toEqual(outcomes);
      });

      test('settling writes outcomes, accounts and removals together', async () => {
        await startRun('run-1', 2);
        await ledger.saveAccounts(scope, [account('ada'), account('bob')]);
        await ledger.settle('run-1', scope, {
          outcomes: [outcome(1, 0, { userId: 'cleo' }), outcome(2, 0)],
          accounts: [account('cleo', { linkKey: 'e1', key: 'E1' })],
          removed: ['bob'],
        });
        await reopen();
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada', 'cleo']);
      });

      test('settling does all or nothing', async () => {
        await startRun('run-1', 1);
        await ledger.saveAccounts(scope, [account('ada')]);
        await ledger.recordIntents('run-1', [{ batch: 1, attempt: 1, at, steps: [{ seq: 1, step: 0 }] }]);
        const withoutId = ledger.settle('run-1', scope, {
          outcomes: [outcome(1, 0)],
          accounts: [account('bob'), account('')],
          removed: ['ada'],
        });
        await expect(withoutId).rejects.toThrow();
        expect(await openSteps('run-1')).toEqual(['1.0']);
        expect((await all(ledger.results('run-1')))[0]?.outcomes).toEqual([]);
        expect((await all(ledger.accounts(scope))).map(({ id }) => id)).toEqual(['ada']);
      });

      test('an intent for a change that was never stored is refused', async () => {
        await startRun('run-1', 1);
        const intent = { batch: 1, attempt: 1, at, steps: [{ seq: 2, step: 0 }] };
        await expect(ledger.recordIntents('run-1', [intent])).rejects.toThrow();
      });

      test('results give every change with its outcomes, in the order of the plan and of the steps', async () => {
        await startRun('run-1', 2500);
        const told = outcome(1001, 1, {
          result: 'failed',
          errorCode: 'REFUSED',
          providerCode: 'EPMCSS-21143',
          message: 'The role does not exist.',
          userId: 'cleo',
          attempts: 3,
        });
        for (const seqs of [shuffled(2500).slice(0, 1200), shuffled(2500).slice(1200)]) {
          await ledger.settle('run-1', scope, {
            ...settlement,
            outcomes: seqs.filter((seq) => seq !== 1001 && seq !== 7).map((seq) => outcome(seq, 0)),
          });
        }
        await ledger.settle('run-1', scope, { ...settlement, outcomes: [told, outcome(1001, 0)] });
        await reopen();
        const results = await all(ledger.results('run-1'));
        expect(results.map((result) => result.change.seq)).toEqual(
          Array.from({ length: 2500 }, (_, index) => index + 1),
        );
        expect(results[6]).toEqual({ change: change(7), outcomes: [] });
        expect(results[1000]).toEqual({ change: change(1001), outcomes: [outcome(1001, 0), told] });
        expect(results.flatMap((result) => result.outcomes)).toHaveLength(2500);
      });
    });

    describe('failures', () => {
      const failure = (key: string, difference: Partial<FailureKey> = {}): FailureKey => ({
        key,
        operation: 'create',
        errorCode: 'REFUSED',
        ...difference,
      });

      test('are known by the run that first saw them, in the order asked', async () => {
        for (const id of ['run-1', 'run-2']) await ledger.startRun(run(id));
        await ledger.noteFailures(scope, 'run-1', paged([failure('E1')], [failure('E2')]));
        await ledger.noteFailures(
          scope,
          'run-2',
          paged([failure('E3'), failure('E1')], [failure('E1', { operation: 'update' })]),
        );
        await reopen();
        const asked = [
          failure('E3'),
          failure('nobody'),
          failure('E1'),
          failure('E1', { operation: 'update' }),
          failure('E1', { errorCode: 'THROTTLED' }),
        ];
        expect(await ledger.failuresSince(scope, asked)).toEqual(['run-2', null, 'run-1', 'run-2', null]);
      });

      test('that did not come again are forgotten, and are new when they come back', async () => {
        for (const id of ['run-1', 'run-2', 'run-3']) await ledger.startRun(run(id));
        const many = shuffled(2500).map((number) => failure(`E${number}`));
        await ledger.noteFailures(scope, 'run-1', paged(many));
        await ledger.noteFailures(otherScope, 'run-1', paged([failure('E2')]));
        await ledger.noteFailures(scope, 'run-2', paged([failure('E1')]));
        expect(new Set(await ledger.failuresSince(scope, many))).toEqual(new Set(['run-1', null]));
        expect(await ledger.failuresSince(scope, [failure('E1'), failure('E2')])).toEqual(['run-1', null]);
        await ledger.noteFailures(scope, 'run-3', paged(many));
        expect(await ledger.failuresSince(scope, [failure('E1'), failure('E2')])).toEqual(['run-1', 'run-3']);
        expect(await ledger.failuresSince(otherScope, [failure('E2')])).toEqual(['run-1']);
      });

      test('are none in a scope that the ledger has never heard of', async () => {
        expect(await ledger.failuresSince(scope, [failure('E1')])).toEqual([null]);
      });
    });

    describe('lock', () => {
      test('keeps others of the same process out and tells them who has it', async () => {
        const second = await world.open();
        const lock = await ledger.lock(scope, holder);
        expect(lock.held).toBe(true);
        expect(await second.lock(scope, { ...holder, runId: 'run-2' })).toEqual({ held: false, by: holder });
        expect(await ledger.lock(scope, { ...holder, runId: 'run-3' })).toEqual({ held: false, by: holder });
        await second.close();
      });

      test('keeps other processes out and tells them who has it', async () => {
        await ledger.lock(scope, holder);
        // Opening the lock's file again in this process would lose the lock without a word.
        await ledger.lock(scope, { ...holder, runId: 'run-2' });
        const child = await lockInChild(world.source, scope, { ...holder, runId: 'run-3' });
        expect(child.said).toEqual({ lineage: ledger.lineage, held: false, by: holder });
      });

      test('is free again once released, and releasing it twice does no harm', async () => {
        const lock = await ledger.lock(scope, holder);
        if (lock.held) await lock.release();
        const again = await ledger.lock(scope, holder);
        expect(again.held).toBe(true);
        if (lock.held) await lock.release();
        expect((await ledger.lock(scope, holder)).held).toBe(false);
      });

      test('is free again once the ledger that took it is closed', async () => {
        await ledger.lock(scope, holder);
        await reopen();
        const child = await lockInChild(world.source, scope, holder);
        expect(child.said.held).toBe(true);
      });

      test('of one scope leaves the others free', async () => {
        await ledger.lock(scope, holder);
        expect((await ledger.lock(otherScope, holder)).held).toBe(true);
        const child = await lockInChild(world.source, { ...scope, job: 'crm' }, holder);
        expect(child.said.held).toBe(true);
      });

      test('goes to exactly one of several processes that start at once', async () => {
        const children = await Promise.all(
          ['a', 'b', 'c', 'd'].map((runId) => lockInChild(world.source, scope, { ...holder, runId })),
        );
        expect(children.filter(({ said }) => said.held)).toHaveLength(1);
      });

      test('is free once its holder is killed, and what that one wrote is there', async () => {
        const child = await lockInChild(world.source, scope, { ...holder, runId: 'killed' });
        expect(await ledger.lock(scope, holder)).toEqual({
          held: false,
          by: { ...holder, runId: 'killed', pid: child.pid },
        });
        await child.signal('SIGKILL');
        await vi.waitFor(
          async () => {
            expect((await ledger.lock(scope, holder)).held).toBe(true);
          },
          { timeout: 10_000 },
        );
        expect((await ledger.scope(scope)).completeReadAt).toBe(holder.since);
      });

      test('is told of without being taken: in this process and in others, while it is held and no longer', async () => {
        expect(await ledger.holder(scope)).toBeNull();
        const lock = await ledger.lock(scope, holder);
        expect(await ledger.holder(scope)).toEqual(holder);
        if (lock.held) await lock.release();
        expect(await ledger.holder(scope)).toBeNull();
        const child = await lockInChild(world.source, scope, { ...holder, runId: 'other' });
        expect(await ledger.holder(scope)).toEqual({ ...holder, runId: 'other', pid: child.pid });
        expect(await ledger.holder(otherScope)).toBeNull();
        await child.signal('SIGKILL');
        await vi.waitFor(async () => expect(await ledger.holder(scope)).toBeNull(), { timeout: 10_000 });
      });

      test('stays with a holder that is stopped', async () => {
        const child = await lockInChild(world.source, scope, holder);
        await child.signal('SIGSTOP');
        expect(await ledger.lock(scope, holder)).toEqual({
          held: false,
          by: { ...holder, pid: child.pid },
        });
      });
    });
  });
}

function inOrder(one: StepRef, other: StepRef): number {
  return one.seq - other.seq || one.step - other.step;
}

interface StepsTold {
  readonly intents: readonly Intent[];
  readonly outcomes: readonly StepOutcome[];
}

/** Intents and outcomes of steps from all over a plan, many of them about the same ones. */
function* stepStory(count: number): Generator<StepsTold> {
  const numbers = fc.sample(fc.nat(), { numRuns: 8_000, seed: 6 }).values();
  const pick = (below: number): number => (numbers.next().value ?? 0) % below;
  const kindsOf = ({ seq }: StepRef): readonly Partial<StepOutcome>[] => [
    {},
    { userId: `u${seq}` },
    { result: 'unknown', errorCode: 'UNANSWERED' },
    { result: 'failed', errorCode: 'REFUSED', providerCode: `V-${seq}`, message: 'No “such” role.' },
    { attempts: 2 + pick(2) },
  ];
  for (let round = 0; round < 30; round += 1) {
    const refs = Array.from({ length: 60 }, () => ({ seq: 1 + pick(count), step: pick(2) }));
    const steps = [...new Map(refs.map((ref) => [`${ref.seq}.${ref.step}`, ref])).values()];
    if (round % 3 === 0) {
      const batches = [steps.slice(0, 20), steps.slice(20)];
      const intents = batches.map((some, index) => ({
        batch: round * 2 + index,
        attempt: 1,
        at,
        steps: some,
      }));
      yield { intents, outcomes: [] };
    } else {
      const outcomes = steps.map((ref) => outcome(ref.seq, ref.step, kindsOf(ref)[pick(5)] ?? {}));
      yield { intents: [], outcomes };
    }
  }
}
