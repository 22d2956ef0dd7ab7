import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffPerson } from '../../src/diff/diff-pair.ts';
import type { Difference } from '../../src/diff/difference.ts';
import type { DriftPolicy } from '../../src/domain/settings.ts';
import type { Account, Attributes } from '../../src/domain/user.ts';
import { afterStep } from '../../src/run/after-step.ts';
import { accountOf, asOf, buildColumn, buildPair, buildPerson, buildSettings, buildUser } from './build.ts';

const policies = ['feedWins', 'targetWins', 'report', 'conflict'] as const;

interface Values {
  readonly feed: string;
  readonly target: string;
  /** What both had in common last; absent where that was never seen. */
  readonly agreed?: string;
  /** What the ledger knew of the target before. */
  readonly known?: string;
}

function titleOf(values: Values, drift: DriftPolicy): Difference {
  const user = buildUser({ title: values.target });
  const { title: _, ...others } = user.attributes;
  const known: Partial<Account> = {
    attributes: { ...others, ...(values.known === undefined ? {} : { title: values.known }) },
    ...(values.agreed === undefined ? {} : { agreed: { title: values.agreed } }),
  };
  const settings = buildSettings({ columns: [buildColumn('title', { drift })] });
  return diffPerson(buildPair(buildPerson({ title: values.feed }), user, known), settings);
}

const outcomeOf = ({ need, drifted = [] }: Difference): string =>
  [need === null ? 'kept' : (need.conflict?.code ?? 'written'), ...drifted].join(' ');

describe('an attribute of which feed, target and what both had in common are known', () => {
  it.each([
    ['nothing changed', { feed: 'a', target: 'a', agreed: 'a' }, ['kept', 'kept', 'kept', 'kept']],
    [
      'the feed changed',
      { feed: 'b', target: 'a', agreed: 'a' },
      ['written', 'written', 'written', 'written'],
    ],
    [
      'the target changed',
      { feed: 'a', target: 'b', agreed: 'a', known: 'a' },
      ['written title', 'kept', 'kept title', 'kept title'],
    ],
    [
      'both changed',
      { feed: 'b', target: 'c', agreed: 'a', known: 'a' },
      ['written title', 'written', 'written title', 'DRIFT title'],
    ],
    [
      'both changed alike',
      { feed: 'b', target: 'b', agreed: 'a', known: 'a' },
      ['kept', 'kept', 'kept', 'kept'],
    ],
    [
      'a drift is kept that an earlier run saw already',
      { feed: 'a', target: 'b', agreed: 'a', known: 'b' },
      ['written title', 'kept', 'kept title', 'kept title'],
    ],
    ['nothing is known', { feed: 'b', target: 'a' }, ['written', 'written', 'written', 'written']],
    [
      'they never agreed, and the last write failed',
      { feed: 'b', target: 'a', known: 'a' },
      ['written', 'written', 'written', 'written'],
    ],
    [
      'they never were seen to agree, but the ledger wrote the value',
      { feed: 'a', target: 'b', known: 'a' },
      ['written title', 'kept', 'kept title', 'kept title'],
    ],
  ] as const)('ends as its column says when %s', (_, values, wanted) => {
    expect(policies.map((policy) => outcomeOf(titleOf(values, policy)))).toEqual(wanted);
  });

  it('shows both values of a conflict', () => {
    const { need } = titleOf({ feed: 'b', target: 'c', agreed: 'a' }, 'conflict');
    expect(need).toMatchObject({ before: { title: 'c' }, after: { title: 'b' } });
    expect(need?.conflict?.message).toContain('title');
  });

  it('of a set has drifted when an entry that both had is gone, and not by entries of others', () => {
    const settings = buildSettings({ columns: [buildColumn('roles', { drift: 'targetWins' })] });
    const person = buildPerson({ roles: ['Viewer', 'Planner'], title: 'Clerk' });
    const rolesOf = (roles: readonly string[]): Attributes | undefined =>
      diffPerson(
        buildPair(person, buildUser({ roles }), { agreed: { roles: ['Viewer', 'Planner'] } }),
        settings,
      ).need?.after;
    expect(rolesOf(['Viewer'])).toBeUndefined();
    expect(rolesOf(['Viewer', 'Planner', 'Other'])).toBeUndefined();
    const more = buildPerson({ roles: ['Viewer', 'Planner', 'Admin'], title: 'Clerk' });
    const pair = buildPair(more, buildUser({ roles: ['Viewer'] }), {
      agreed: { roles: ['Viewer', 'Planner'] },
    });
    expect(diffPerson(pair, settings).need?.after).toEqual({ roles: ['Admin', 'Planner', 'Viewer'] });
  });

  it('comes back with the access whatever a drift of it means', () => {
    const user = buildUser({ roles: [] }, { active: false });
    const columns = [buildColumn('roles', { drift: 'targetWins' })];
    const known = { disabled: { at: asOf, restore: { roles: ['Viewer'] } }, agreed: { roles: ['Viewer'] } };
    const { need } = diffPerson(
      buildPair(buildPerson({ roles: ['Viewer'] }), user, known),
      buildSettings({ columns }),
    );
    expect(need?.after).toMatchObject({ active: true, roles: ['Viewer'] });
  });
});

type Event =
  | { readonly kind: 'feed' | 'target'; readonly value: string }
  | { readonly kind: 'run'; readonly works: boolean };

const value = fc.constantFrom('a', 'b', 'c');
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('feed' as const, 'target' as const), value }),
    fc.record({ kind: fc.constant('run' as const), works: fc.boolean() }),
  ),
  { maxLength: 24 },
);

/** A target with one user, who is linked, and a ledger that remembers what runs tell it. */
class World {
  feed = 'a';
  target = 'a';
  account: Account = accountOf(buildUser({ title: 'a' }));

  run(drift: DriftPolicy, works: boolean): Difference {
    const settings = buildSettings({ columns: [buildColumn('title', { drift })] });
    const user = buildUser({ title: this.target });
    const pair = { person: buildPerson({ title: this.feed }), user, account: this.account, conflict: null };
    const difference = diffPerson(pair, settings);
    // As an apply does: what was read, then what the comparison learned, then what a step did.
    this.account = { ...(difference.account ?? this.account), attributes: user.attributes };
    const { need } = difference;
    if (need === null || need.conflict !== null || !works) return difference;
    const step = { action: 'update', subject: '', values: need.after };
    const change = { ...need, seq: 1, disposition: 'planned' as const, reason: null, steps: [step] };
    const applied = (_: unknown, before: Account | null, id: string) => ({
      id,
      active: true,
      attributes: { ...before?.attributes, ...need.after },
    });
    this.account = afterStep(change, step, this.account, 'u1', { applied, asOf });
    this.target = String(need.after.title);
    return difference;
  }
}

/** Lets the world go its way, and looks at it after each run. */
function replay(
  list: readonly Event[],
  policy: DriftPolicy,
  look: (
    world: World,
    before: { readonly target: string; readonly works: boolean },
    found: Difference,
  ) => void,
): void {
  const world = new World();
  for (const event of list) {
    if (event.kind === 'run') {
      const before = { target: world.target, works: event.works };
      look(world, before, world.run(policy, event.works));
    } else world[event.kind] = event.value;
  }
}

describe('over many runs', () => {
  it('a feed that wins is what the target has after every run that works', () => {
    fc.assert(
      fc.property(events, (list) => {
        replay(list, 'feedWins', (world, { works }) => {
          if (works) expect(world.target).toBe(world.feed);
        });
      }),
    );
  });

  it('a value of the target stays until the feed says something else than when both agreed, and no longer', () => {
    fc.assert(
      fc.property(events, fc.constantFrom('targetWins' as const, 'report' as const), (list, policy) => {
        // A recount from the world itself: both agree at the beginning, and whenever a run finds or makes them alike.
        let common = 'a';
        replay(list, policy, (world, { target, works }, { drifted = [] }) => {
          const differs = target !== world.feed;
          const writes = differs && world.feed !== common && works;
          expect(world.target).toBe(writes ? world.feed : target);
          expect(drifted).toEqual(policy === 'report' && differs && target !== common ? ['title'] : []);
          if (world.target === world.feed) common = world.feed;
        });
      }),
      { numRuns: 500 },
    );
  });

  it('a conflict writes nothing, and lasts until both say the same or one goes back', () => {
    fc.assert(
      fc.property(events, (list) => {
        let common = 'a';
        replay(list, 'conflict', (world, { target }, { need }) => {
          const isConflict = new Set([world.feed, target, common]).size === 3;
          expect(need?.conflict?.code === 'DRIFT').toBe(isConflict);
          if (isConflict) expect(world.target).toBe(target);
          if (world.target === world.feed) common = world.feed;
        });
      }),
      { numRuns: 500 },
    );
  });
});
