import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlan } from '../../src/plan/read-plan.ts';
import { activeIn, DirectoryWorld, type Row, tableOf } from './directory-world.ts';

/*
 * Whole runs against a table in memory that lets nobody have a login or an address of somebody else. Between two feeds
 * the values pass from hand to hand as chance has it: chains, rings, several at once, together with people who come
 * and go.
 */

const people = 7;
const roles = ['Viewer', 'Planner', 'Approver'];

interface Night {
  readonly before: readonly Row[];
  readonly after: readonly Row[];
}

function row(n: number, login: number, email: number, title: number, held: readonly string[]): Row {
  return {
    id: `E${n}`,
    login: `p${login}`,
    email: `m${email}@example.com`,
    title: `Title ${title}`,
    roles: held,
  };
}

/** @param leaving for `disable`: whoever leaves keeps the values, so that nobody gets them */
function nights(leaving: 'disable' | 'remove'): fc.Arbitrary<Night> {
  const order = fc.shuffledSubarray(
    Array.from({ length: people }, (_, n) => n),
    { minLength: people },
  );
  const fates = fc.array(fc.constantFrom('stays', 'stays', 'stays', 'comes', 'leaves'), {
    minLength: people,
    maxLength: people,
  });
  const held = fc.array(fc.subarray(roles), { minLength: people, maxLength: people });
  return fc.record({ fates, logins: order, emails: order, before: held, after: held }).map((drawn) => {
    const isThere = (n: number): boolean => drawn.fates[n] !== 'comes';
    const isLeaving = (n: number): boolean => drawn.fates[n] === 'leaves';
    // Who stays, or comes, gets what somebody had; what a leaver keeps goes to nobody.
    const passed = (values: readonly number[], n: number): number => {
      if (isLeaving(n)) return n;
      const value = values[n] ?? n;
      return leaving === 'disable' && isLeaving(value) ? people + n : value;
    };
    const all = drawn.fates.map((_, n) => n);
    return {
      before: all.filter(isThere).map((n) => row(n, n, n, 0, drawn.before[n] ?? [])),
      after: all.map((n) => ({
        ...row(n, passed(drawn.logins, n), passed(drawn.emails, n), n % 2, drawn.after[n] ?? []),
        leaves: isLeaving(n),
      })),
    };
  });
}

const runs = { numRuns: 10, interruptAfterTimeLimit: 60_000 };
const patient = { timeout: 120_000 };

async function begin(world: DirectoryWorld, { before }: Night): Promise<void> {
  world.feed(before);
  await world.apply();
}

describe('applying a plan', () => {
  it.each(['disable', 'remove'] as const)(
    'gives the wanted users, whoever gets whose login and address, and leaves nothing to do (%s)',
    patient,
    async (leaving) => {
      await fc.assert(
        fc.asyncProperty(nights(leaving), async (night) => {
          using world = new DirectoryWorld({ leavers: [{ [leaving]: 'now' }] });
          await begin(world, night);
          world.feed(night.after);
          expect(await world.apply()).toMatchObject({ exitCode: 0 });
          expect(activeIn(world)).toEqual(tableOf(night.after));
          expect((await world.apply()).changes.total).toBe(0);
        }),
        runs,
      );
    },
  );

  it('goes on after writes were refused, temporary values or not', patient, async () => {
    const chances = fc.infiniteStream(fc.integer({ min: 0, max: 2 }));
    await fc.assert(
      fc.asyncProperty(nights('remove'), chances, async (night, chance) => {
        using world = new DirectoryWorld({ leavers: [{ remove: 'now' }] });
        await begin(world, night);
        world.feed(night.after);
        world.refuses = () => chance.next().value === 0;
        await world.apply();
        world.refuses = () => false;
        await world.apply();
        expect(activeIn(world)).toEqual(tableOf(night.after));
        expect((await world.apply()).changes.total).toBe(0);
      }),
      runs,
    );
  });
});

describe('the same inputs', () => {
  it('give the same plan, in whatever order and pages the target lists its users', patient, async () => {
    await fc.assert(
      fc.asyncProperty(
        nights('remove'),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 4 }),
        async (night, chance, pageSize) => {
          using world = new DirectoryWorld({ leavers: [{ remove: 'now' }] });
          await begin(world, night);
          world.feed(night.after);
          const asOf = '2026-07-01T00:00:00.000Z';
          const first = await world.planText({ asOf });
          world.listing = (users) => {
            const shuffled = users
              .map((user) => ({ user, rank: chance.next().value }))
              .toSorted((one, other) => one.rank - other.rank)
              .map(({ user }) => user);
            const pages = Math.ceil(shuffled.length / pageSize);
            return Array.from({ length: pages }, (_, page) =>
              shuffled.slice(page * pageSize, (page + 1) * pageSize),
            );
          };
          expect(await world.planText({ asOf })).toBe(first);
        },
      ),
      runs,
    );
  });
});

describe('reverting a run', () => {
  it('gives everybody back what they had before it', patient, async () => {
    await fc.assert(
      fc.asyncProperty(nights('disable'), async (night) => {
        using world = new DirectoryWorld({ leavers: [{ disable: 'now' }, { remove: 'after 90d' }] });
        await begin(world, night);
        const before = activeIn(world);
        world.feed(night.after);
        const { end } = await world.run('apply');
        const run = end?.report.run.id ?? '';
        if (end?.report.changes.total === 0) return;
        const planned = await world.run('plan', { revert: { run, removeCreated: true, recreate: true } });
        if (planned.failure !== null) throw planned.failure;
        const plan = readPlan(planned.end?.planFile ?? '');
        const reverted = await world.run('apply', { reviewed: { plan, maxAgeMs: 86_400_000 } });
        if (reverted.failure !== null) throw reverted.failure;
        expect(activeIn(world)).toEqual(before);
      }),
      runs,
    );
  });
});
