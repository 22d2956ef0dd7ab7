import { describe, it } from 'vitest';
import { feedHeader, patient, people, type PersonRow, userOf, World, wholeFeed } from './world.ts';

/** A world whose hundred people, or as many as given, are linked. */
async function linked(rows: readonly PersonRow[], job: object = {}): Promise<World> {
  const world = await World.open({ users: rows.map(userOf), feed: wholeFeed(rows), job });
  await world.link();
  return world;
}

function tripped(report: {
  readonly guards: readonly { readonly name: string; readonly tripped: boolean }[];
}) {
  return report.guards.filter((guard) => guard.tripped).map(({ name }) => name);
}

describe.concurrent('limits over time', patient, () => {
  it('stop a drip of small runs, whatever moment each says that it plans for', async ({ expect }) => {
    let rows = people(60);
    await using world = await linked(rows);
    const codes: (number | null)[] = [];
    for (let night = 1; night <= 4; night += 1) {
      rows = rows.slice(3);
      world.writeFeed(wholeFeed(rows));
      const ran = await world.apply('--as-of', `2027-0${night}-01T02:00:00Z`);
      codes.push(ran.code);
      // What was held is still to be done the next night, and is more by then.
      if (night === 3) {
        expect(tripped(ran.report)).toEqual(['disablesPer24h']);
        expect(ran.stdout).toMatch(/held by disablesPer24h.* 9 disables in 24 hours, and 6 are allowed/);
      }
    }
    expect(codes).toEqual([0, 0, 3, 3]);
    const gone = [...world.users().values()].filter(({ roles }) => roles.length === 0);
    expect(gone).toHaveLength(6);
  });

  it('leave out a first load, and what an event that is over let pass', async ({ expect }) => {
    const rows = people(60);
    await using world = await World.open({ feed: wholeFeed(rows) });
    await world.link();
    world.writeFeed(wholeFeed(people(61)));
    expect((await world.apply()).code).toBe(0);

    const event = {
      from: '2026-12-01',
      to: '2026-12-05',
      what: 'disables',
      upTo: 20,
      why: 'Lyon closes',
      by: 'Mina',
    };
    const guards = { expected: [event] };
    world.writeJob({ guards });
    world.writeFeed(wholeFeed(people(61).slice(18)));
    const early = await world.apply('--as-of', '2026-11-30T23:00:00Z');
    expect([early.code, tripped(early.report)]).toEqual([3, expect.arrayContaining(['disables'])]);
    const event2 = { ...event, what: 'feedRows', upTo: '40%' };
    const event3 = { ...event2, what: 'feedBytes' };
    world.writeJob({ guards: { expected: [event, event2, event3] } });
    const during = await world.apply('--as-of', '2026-12-02T02:00:00Z', '--accept-job-change', 'Lyon closes');
    expect([during.code, during.report.changes.succeeded]).toEqual([0, 18]);
    expect(during.stdout).toMatch(
      /passed {2}disables 18 \(at most 20\): up to 20 expected .*Lyon closes; Mina/,
    );
    // Two more are the event's twenty, a third is one too many for it; and when it is over, three are three again.
    world.writeFeed(wholeFeed(people(61).slice(21)));
    const beyond = await world.plan('--as-of', '2026-12-02T03:00:00Z');
    expect(tripped(beyond.report)).toEqual(['disablesPer24h', 'disablesPer7d']);
    expect((await world.apply('--as-of', '2026-12-06T02:00:00Z')).code).toBe(0);
  });
});

describe.concurrent('a feed that says less than the one before', patient, () => {
  it.each([
    [
      'cut in half, and proven by its own trailer',
      (rows: readonly PersonRow[]) => wholeFeed(rows.slice(50)),
      'feedRows',
    ],
    [
      'without its e-mail addresses, which the job keeps',
      (rows: readonly PersonRow[]) => wholeFeed(rows.map((row) => ({ ...row, email: '' }))),
      'emptyCells',
    ],
    [
      'with the same people under other ids',
      (rows: readonly PersonRow[]) => wholeFeed(rows.map((row) => ({ ...row, id: `N${row.id}` }))),
      'keyChanges',
    ],
    [
      'with cells that belong to the next column',
      (rows: readonly PersonRow[]) =>
        wholeFeed(rows.map((row) => ({ ...row, login: row.first, first: row.login }))),
      'rowsSetAside',
    ],
    [
      'with nothing in a row but commas',
      (rows: readonly PersonRow[]) =>
        `${feedHeader}\n${rows.map(() => ',,,,,,\n').join('')}TRAILER,100,,,,,\n`,
      'rowsSetAside',
    ],
  ])('%s, is held', async (_, spoilt, guard) => {
    const rows = people(100);
    await using world = await linked(rows);
    world.writeFeed(spoilt(rows));
    const held = await world.apply();
    // Not by `expect` of the context: it.each of a concurrent suite has none.
    if (held.code !== 3 || !tripped(held.report).includes(guard)) {
      throw new Error(`exit ${held.code}, held by ${tripped(held.report).join(', ')}: ${held.stdout}`);
    }
    if (world.journal().length > 0) throw new Error('something was written');
  });

  it('is never held when it is the very same', async ({ expect }) => {
    const rows = people(100);
    await using world = await linked(rows);
    expect([(await world.apply()).code, (await world.apply()).code]).toEqual([0, 0]);
  });
});

describe.concurrent('roles that a job owns', patient, () => {
  it('are not taken from more than a few', async ({ expect }) => {
    const rows = people(40, 1).map((row) => ({ ...row, role: 'Viewer;Power User' }));
    const owned = {
      feed: {
        columns: {
          externalId: 'Employee ID',
          userName: 'User Login',
          'name.givenName': 'First Name',
          'name.familyName': 'Last Name',
          'emails.work': 'Email',
          roles: { from: 'Role', split: ';', owned: ['*'] },
        },
      },
    };
    await using world = await linked(rows, owned);
    world.writeFeed(wholeFeed(rows.map((row, index) => (index < 4 ? { ...row, role: 'Viewer' } : row))));
    const held = await world.apply();
    expect([held.code, tripped(held.report)]).toEqual([3, ['accessLost']]);
    world.writeFeed(wholeFeed(rows.map((row, index) => (index < 3 ? { ...row, role: 'Viewer' } : row))));
    expect((await world.apply()).code).toBe(0);
  });
});

describe.concurrent('a job file that changed', patient, () => {
  it('is shown, and held where it lets more pass, until a person says why', async ({ expect }) => {
    const rows = people(100);
    await using world = await linked(rows);
    world.writeFeed(wholeFeed(rows.slice(8)));
    world.writeJob({ guards: { disables: '9%' } });
    const held = await world.apply();
    expect([held.code, tripped(held.report)]).toEqual([3, ['jobChanged']]);
    expect(held.stdout).toMatch(/guards\.disables: 5% -> 9% {2}\(lets more pass\)/);
    expect(held.report.run).toMatchObject({
      jobChanges: expect.arrayContaining([
        { field: 'guards.disables', before: '{"percent":5}', after: '{"percent":9}', weakens: true },
      ]),
    });
    expect(world.journal()).toEqual([]);

    const passed = await world.apply('--accept-job-change', 'Eight go with the sale');
    expect([passed.code, passed.report.changes.succeeded]).toEqual([0, 8]);
    expect(passed.stdout).toMatch(/passed {2}jobChanged .*Eight go with the sale/);
    // From now on that is how the job is.
    expect((await world.apply()).report.run).toMatchObject({ jobChanges: [] });
  });

  it('passes with a word when it lets no more pass and concerns few', async ({ expect }) => {
    const rows = people(100);
    await using world = await linked(rows);
    world.writeJob({ guards: { disables: '4%' } });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/changed since it last wrote:\n {2}guards\.disables: .*\n/);
  });

  it('needs a reason that says something', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(3)) });
    const ran = await world.apply('--accept-job-change', ' ');
    expect([ran.code, ran.hasReport]).toEqual([1, false]);
  });
});
