import { describe, expect, it } from 'vitest';
import type { ChangeResult, Ledger, Run } from '../../src/contracts/ledger.ts';
import type { Result } from '../../src/domain/change.ts';
import type { ExpectedEvent } from '../../src/domain/guard-settings.ts';
import type { Guard } from '../../src/guard/guard.ts';
import type { RecentAct } from '../../src/match/recent-people.ts';
import { recallActs } from '../../src/run/recall-acts.ts';
import { change, outcome, run, scope } from '../ledger/build.ts';

const now = '2026-12-03T02:00:00.000Z';
const recently = '2026-12-02T02:00:00.000Z';
const rules = { roles: { type: 'set', caseExact: true } } as const;

interface Earlier {
  readonly guards?: readonly Partial<Guard>[];
  readonly results?: readonly ChangeResult[];
}

function disabled(result: Result = 'succeeded', at = recently): ChangeResult {
  return {
    change: change(1, { operation: 'disable', linkKey: 'E1' }),
    outcomes: [outcome(1, 0, { result, at })],
  };
}

async function recalled(
  earlier: Earlier,
  expected: readonly ExpectedEvent[] = [],
  asOf = now,
): Promise<readonly RecentAct[]> {
  const { guards = null, results = [disabled()] } = earlier;
  const ledger: Pick<Ledger, 'sendersSince' | 'run' | 'results'> = {
    sendersSince: async (_, since) => {
      expect(since).toBe('2026-11-26T02:00:00.000Z');
      return ['before'];
    },
    run: async () => run('before', { facts: guards === null ? null : { guards } }),
    async *results() {
      yield results;
    },
  };
  const present: Run = run('now', { startedAt: now, asOf });
  const acts: RecentAct[] = [];
  const open = { ledger: ledger as Ledger, scope, run: present };
  await recallActs(open, { rules, match: ['userName'] }, expected, { add: (some) => acts.push(...some) });
  return acts;
}

const disables = { name: 'disables', actual: 1 };

describe('what runs did lately', () => {
  it('is told with the person, the kind and the moment', async () => {
    expect(await recalled({ guards: [disables] })).toEqual([
      { kind: 'disables', linkKey: 'E1', at: recently },
    ]);
  });

  it('counts in doubt, and does not when it failed, was refused or was not sent', async () => {
    const kept = async (result: Result) => (await recalled({ results: [disabled(result)] })).length;
    expect(await kept('unknown')).toBe(1);
    for (const result of ['failed', 'conflict', 'notSent'] as const) expect(await kept(result)).toBe(0);
  });

  it('goes by the clock of its steps, and not by the moment that a run plans for', async () => {
    expect(await recalled({ results: [disabled('succeeded', '2026-11-26T01:59:59.999Z')] })).toEqual([]);
    expect(await recalled({}, [], '2027-06-01T00:00:00.000Z')).toHaveLength(1);
  });

  it('tells of an update that takes a role, that it does', async () => {
    const update = change(1, {
      operation: 'update',
      linkKey: 'E1',
      before: { roles: ['Viewer', 'Planner'] },
      after: { roles: ['Viewer'] },
    });
    const acts = await recalled({
      results: [{ change: update, outcomes: [outcome(1, 0, { at: recently })] }],
    });
    expect(acts.map(({ kind }) => kind)).toEqual(['updates', 'accessLost']);
  });

  it('leaves out what a first load created', async () => {
    const created = { change: change(1), outcomes: [outcome(1, 0, { at: recently })] };
    expect(await recalled({ guards: [{ name: 'firstLoad' }, disables], results: [created] })).toEqual([]);
    expect(await recalled({ guards: [disables], results: [created] })).toHaveLength(1);
  });

  it('leaves out what a person let pass, be it by the limit over time', async () => {
    for (const name of ['disables', 'disablesPer24h', 'disablesPer7d']) {
      expect(await recalled({ guards: [disables, { name, released: true, actual: 1 }] })).toEqual([]);
    }
    expect(await recalled({ guards: [disables, { name: 'removals', released: true }] })).toHaveLength(1);
  });

  it('counts all of an event while it lasts, and nothing of it afterwards', async () => {
    const guards = [{ ...disables, released: true as const, allowedBy: 'up to 40 expected' }];
    const event: ExpectedEvent = {
      from: '2026-12-01',
      to: '2026-12-05',
      what: 'disables',
      attribute: null,
      upTo: { percent: null, count: 40 },
      why: 'The plant in Gent is sold',
      by: 'Mina Aalto',
    };
    expect(await recalled({ guards }, [event])).toHaveLength(1);
    expect(await recalled({ guards }, [event], '2026-12-06T00:00:00.000Z')).toEqual([]);
  });
});
