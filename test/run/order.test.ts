import { describe, expect, it } from 'vitest';
import { planChanges, readPlan } from '../../src/plan/read-plan.ts';
import { activeIn, DirectoryWorld, type Row, tableOf } from './directory-world.ts';

function row(id: string, login: string, difference: Partial<Row> = {}): Row {
  return { id, login, email: `${login}@example.com`, title: 'Clerk', roles: [], ...difference };
}

const leaverOf = (id: string, login: string): Row => row(id, login, { leaves: true });

/** What the target took since the first feed. */
async function afterwards(world: DirectoryWorld, before: readonly Row[], after: readonly Row[]) {
  world.feed(before);
  await world.apply();
  world.taken.length = 0;
  world.feed(after);
  return world.apply();
}

const swap = [
  [row('E1', 'ada'), row('E2', 'bob')],
  [row('E1', 'bob'), row('E2', 'ada')],
] as const;

describe('values that only one user can have', () => {
  it('pass along a chain, from its end', async () => {
    using world = new DirectoryWorld();
    const before = ['ada', 'bob', 'cem', 'dan'].map((login, n) => row(`E${n}`, login));
    const after = ['bob', 'cem', 'dan', 'eve'].map((login, n) => row(`E${n}`, login));
    expect(await afterwards(world, before, after)).toMatchObject({ exitCode: 0, changes: { succeeded: 4 } });
    expect(world.taken).toEqual(['update E3', 'update E2', 'update E1', 'update E0']);
  });

  it('are exchanged by a temporary value, which is gone at the end', async () => {
    using world = new DirectoryWorld();
    expect(await afterwards(world, ...swap)).toMatchObject({ exitCode: 0, changes: { succeeded: 2 } });
    expect(world.taken).toEqual(['update E1', 'update E2', 'update E1']);
    expect(activeIn(world)).toEqual(tableOf(swap[1]));
  });

  it('are a conflict where the job wants no temporary ones', async () => {
    using world = new DirectoryWorld({ swaps: 'conflict' });
    expect(await afterwards(world, ...swap)).toMatchObject({ exitCode: 2, changes: { conflict: 2 } });
    expect(world.taken).toEqual([]);
  });

  it('are taken only once the change that frees them has succeeded, and by the next run at the latest', async () => {
    using world = new DirectoryWorld();
    world.refuses = ({ step }) => step.action === 'update' && step.values.userName === 'cem';
    const before = [row('E1', 'ada'), row('E2', 'bob')];
    const after = [row('E1', 'bob'), row('E2', 'cem')];
    expect(await afterwards(world, before, after)).toMatchObject({
      exitCode: 2,
      changes: { failed: 1, conflict: 1 },
    });
    expect(world.taken).toEqual([]);
    world.refuses = () => false;
    expect(await world.apply()).toMatchObject({ exitCode: 0, changes: { succeeded: 2 } });
  });

  it('may be temporary until the next run, which goes on from there', async () => {
    using world = new DirectoryWorld();
    world.refuses = ({ step }) => step.values.userName === 'ada' && world.taken.length === 1;
    expect(await afterwards(world, ...swap)).toMatchObject({ changes: { failed: 1, conflict: 1 } });
    const logins = [...world.users.values()].map(({ attributes }) => attributes.userName);
    expect(logins).toContainEqual(expect.stringMatching(/^rollcall-[0-9a-f]{10}$/));
    expect(world.taken).toEqual(['update E1']);
    world.refuses = () => false;
    expect(await world.apply()).toMatchObject({ exitCode: 0, changes: { total: 2, succeeded: 2 } });
    expect(activeIn(world)).toEqual(tableOf(swap[1]));
    expect((await world.apply()).changes.total).toBe(0);
  });

  it('are exchanged by a saved plan as it was reviewed', async () => {
    using world = new DirectoryWorld();
    const [before, after] = swap;
    world.feed(before);
    await world.apply();
    world.feed(after);
    const planned = await world.run('plan');
    const plan = readPlan(planned.end?.planFile ?? '');
    expect([...planChanges(plan)].map(({ steps }) => steps)).toMatchObject([
      [{ temporary: true }, { wave: 2, after: [2] }],
      [{ wave: 1, after: [1] }],
    ]);
    const { end } = await world.run('apply', { reviewed: { plan, maxAgeMs: 86_400_000 } });
    expect(end?.report.changes).toMatchObject({ total: 2, succeeded: 2 });
    expect(activeIn(world)).toEqual(tableOf(after));
  });

  it('are exchanged by nobody when one of them is kept by a user who is not ours', async () => {
    using world = new DirectoryWorld();
    const [before, after] = swap;
    world.addUser('x', { userName: 'service', 'emails.work': 'shared@example.com' });
    const wanted = after.map((one) => (one.id === 'E1' ? { ...one, email: 'shared@example.com' } : one));
    expect(await afterwards(world, before, wanted)).toMatchObject({ exitCode: 2, changes: { conflict: 2 } });
    expect(world.taken).toEqual([]);
  });

  it('of a removed user go to a new one once the removal has succeeded', async () => {
    using world = new DirectoryWorld({ leavers: [{ remove: 'now' }] });
    const before = [row('E1', 'ada'), row('E2', 'bob')];
    const after = [leaverOf('E1', 'ada'), row('E2', 'bob'), row('E3', 'ada')];
    expect(await afterwards(world, before, after)).toMatchObject({ exitCode: 0, changes: { succeeded: 2 } });
    expect(world.taken).toEqual(['remove E1', 'create E3']);
  });
});

describe('the order of leavers and joiners', () => {
  const before = [row('E1', 'ada'), row('E2', 'bob')];
  const after = [
    leaverOf('E1', 'ada'),
    leaverOf('E2', 'bob'),
    ...['cem', 'dan', 'eve'].map((x) => row(x, x)),
  ];

  it('is that all leavers have gone before the first joiner comes, where the job says so', async () => {
    using world = new DirectoryWorld({ order: 'leaversFirst' });
    await afterwards(world, before, after);
    const kinds = world.taken.map((one) => one.split(' ')[0]);
    expect(kinds).toEqual(['disable', 'disable', 'create', 'create', 'create']);
    expect(await world.apply()).toMatchObject({ changes: { total: 0 } });
  });

  it('lets joiners come also when a leaver could not be disabled', async () => {
    using world = new DirectoryWorld({ order: 'leaversFirst' });
    world.refuses = ({ step }) => step.action === 'disable';
    expect(await afterwards(world, before, after)).toMatchObject({ changes: { failed: 2, succeeded: 3 } });
  });
});
