import { join } from 'node:path';
import { describe, it } from 'vitest';
import { audit } from './audit.ts';
import {
  csvLines,
  csvRow,
  feedHeader,
  type PersonRow,
  patient,
  people,
  person,
  userOf,
  World,
} from './world.ts';

const staff = people(20);
const users = staff.map(userOf);

const columns = {
  externalId: 'Employee ID',
  userName: 'User Login',
  'name.givenName': 'First Name',
  'name.familyName': 'Last Name',
  'emails.work': 'Email',
  roles: 'Role',
};

type Word = 'create' | 'update' | 'enable' | 'disable' | 'remove';

/** A delta in which each row says what is to be done. */
function delta(...rows: readonly (readonly [Word, PersonRow])[]): string {
  return `${feedHeader},Action\n${rows.map(([word, row]) => `${csvRow(row)},${word}\n`).join('')}`;
}

function jobOf(feed: object = {}, rest: object = {}): object {
  const action = { column: 'Action', several: 'inOrder' };
  return {
    feed: { mode: 'delta', whole: undefined, action, columns, ...feed },
    policy: { leavers: [{ disable: 'now' }, { remove: 'after 90d' }] },
    target: { removeFromIdentityDomain: true },
    ...rest,
  };
}

/** A world in which the first ten are linked, and the other ten are users whom the job has never seen. */
async function open(job: object = jobOf()): Promise<World> {
  const world = await World.open({ users, job });
  world.writeFeed(delta(...staff.slice(0, 10).map((row) => ['update', row] as const)));
  const ran = await world.apply();
  if (ran.code !== 0 || ran.report.rows.unchanged !== 10) throw new Error(ran.stdout + ran.stderr);
  return world;
}

const opsOf = (world: World, skip: number): readonly string[] =>
  world.accepted(skip).map(({ op, key }) => `${op} ${key.split('@')[0]?.replace('ada.moreau', '')}`);

const at = (number: number, difference: Partial<PersonRow> = {}): PersonRow => person(number, difference);

describe.concurrent('a delta with actions', patient, () => {
  it('does what each row says, at once, and to nobody else', async ({ expect }) => {
    await using world = await open();
    world.writeFeed(
      delta(
        ['create', at(50)],
        ['create', at(1, { last: 'Known' })],
        ['update', at(2, { last: 'Renamed' })],
        ['disable', at(3)],
        ['remove', at(4)],
      ),
    );
    const skip = world.journalLines();
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 5, changed: 5 });
    expect(ran.stdout).toContain('5 rows (a delta): 5 changed');
    expect(ran.report.changes).toMatchObject({ total: 5, succeeded: 5, fromAbsence: 0 });
    const { create, update, disable, remove } = ran.report.byOperation;
    expect([create, update, disable, remove].map(({ succeeded }) => succeeded)).toEqual([1, 2, 1, 1]);
    expect(audit(world, ran.directory, skip + 1)).toMatchObject({ rows: 5, changedRows: 5, remove: 1 });
    expect(new Set(opsOf(world, skip).map((op) => op.split(' ')[1]))).toEqual(
      new Set(['50', '1', '2', '3', '4']),
    );
    expect(world.users().has(at(4).login)).toBe(false);
    expect(world.users().get(at(3).login)?.roles).toEqual([]);

    world.writeFeed(delta(['enable', at(3)]));
    const back = await world.apply();
    expect(back.report.byOperation.enable.succeeded).toBe(1);
    expect(world.users().get(at(3).login)?.roles).toEqual(['Viewer']);
  });

  it('takes nothing from a user whom the job never linked, unless the job says so', async ({ expect }) => {
    await using world = await open();
    const rows = delta(['disable', at(15)], ['remove', at(16)]);
    world.writeFeed(rows);
    const skip = world.journalLines();
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.changes).toMatchObject({ total: 2, conflict: 2 });
    expect(ran.report.failures.map(({ errorCode }) => errorCode)).toEqual(['NOT_LINKED', 'NOT_LINKED']);
    expect(world.journal(skip)).toEqual([]);

    // The conflict has made no link either.
    world.writeFeed(`${rows}${csvRow(at(1))},update\n`);
    expect((await world.apply()).report.changes).toMatchObject({ total: 2, conflict: 2 });
    expect(world.journal(skip)).toEqual([]);

    world.writeJob(jobOf({ action: { column: 'Action', unlinked: 'act' } }));
    world.writeFeed(`${rows}${csvRow(at(2))},update\n`);
    const acting = await world.apply('--accept-job-change', 'the two are ours');
    expect(acting.report.changes).toMatchObject({ total: 2, succeeded: 2 });
    expect(world.users().has(at(16).login)).toBe(false);
    expect(world.users().get(at(15).login)?.roles).toEqual([]);
  });

  it('is in conflict over changes of somebody who is not there, and has nothing to take from them', async ({
    expect,
  }) => {
    await using world = await World.open({ users, job: jobOf() });
    world.writeFeed(delta(['update', at(70)], ['enable', at(73)], ['disable', at(71)], ['remove', at(72)]));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 4, changed: 2, unchanged: 2 });
    expect(ran.report.failures).toMatchObject([
      { key: 'E70', operation: 'update', errorCode: 'NO_SUCH_USER' },
      { key: 'E73', operation: 'enable', errorCode: 'NO_SUCH_USER' },
    ]);
    expect(world.journal()).toEqual([]);
  });

  it('does only what the policy allows', async ({ expect }) => {
    const policy = { create: false, leavers: [{ disable: 'after 30d' }] };
    await using world = await open(jobOf({}, { policy }));
    world.writeFeed(delta(['create', at(60)], ['remove', at(1)], ['disable', at(2)]));
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 3, excluded: 2, changed: 1 });
    expect(world.accepted().map(({ op, key }) => [op, key])).toEqual([['unassign-role', at(2).login]]);
  });

  it('takes several rows of one person one after the other, as far as they make sense', async ({
    expect,
  }) => {
    await using world = await open();
    world.writeFeed(
      delta(
        ['update', at(1, { last: 'First' })],
        ['disable', at(2)],
        ['create', at(80, { last: 'Early' })],
        ['update', at(1, { last: 'Second', role: 'Power User' })],
        ['enable', at(2)],
        ['update', at(80, { last: 'Late' })],
        ['remove', at(3)],
        ['create', at(3)],
        ['create', at(81)],
        ['remove', at(81)],
      ),
    );
    const skip = world.journalLines();
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 10, changed: 4, unchanged: 4, quarantined: 2 });
    expect(ran.report.changes).toMatchObject({ total: 2, succeeded: 2 });
    const rejects = csvLines(join(ran.directory, 'rejects.csv')).slice(1);
    expect(rejects.map((line) => /CONTRADICTING_ACTIONS/.test(line))).toEqual([true, true]);
    expect(world.users().get(at(1).login)).toMatchObject({
      lastname: 'Second',
      roles: expect.arrayContaining(['Viewer', 'Power User']),
    });
    expect(world.users().get(at(80).login)?.lastname).toBe('Late');
    expect(new Set(opsOf(world, skip).map((op) => op.split(' ')[1]))).toEqual(new Set(['1', '80']));
  });

  it('sets several rows of one person aside where the job does not say that they are taken', async ({
    expect,
  }) => {
    await using world = await open();
    world.writeJob(jobOf({ action: { column: 'Action' } }));
    world.writeFeed(delta(['update', at(1, { last: 'First' })], ['disable', at(1)], ['disable', at(2)]));
    const ran = await world.apply();
    expect(ran.code).toBe(2);
    expect(ran.report.rows).toMatchObject({ total: 3, quarantined: 2, changed: 1 });
    expect(world.accepted().map(({ key }) => key)).toEqual([at(2).login]);
  });

  it('is judged by guards like any plan', async ({ expect }) => {
    await using world = await open(jobOf({}, { guards: { disables: 2, removals: 0 } }));
    world.writeFeed(delta(...[1, 2, 3].map((number) => ['disable', at(number)] as const)));
    expect((await world.apply()).code).toBe(3);
    world.writeFeed(delta(['remove', at(1)]));
    expect((await world.apply()).code).toBe(3);
    expect(world.journal()).toEqual([]);
  });

  it('is a normal night when it has no rows', async ({ expect }) => {
    await using world = await open();
    world.writeFeed(delta());
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows.total).toBe(0);
    expect(ran.report.changes.total).toBe(0);
  });

  it('leaves the account of somebody it only updates disabled', async ({ expect }) => {
    await using world = await open();
    world.writeFeed(delta(['disable', at(1)]));
    expect((await world.apply()).report.byOperation.disable.succeeded).toBe(1);
    world.writeFeed(delta(['update', at(1, { last: 'Away' })]));
    const ran = await world.apply();
    expect(ran.report.byOperation.update.succeeded).toBe(1);
    expect(world.users().get(at(1).login)).toMatchObject({ lastname: 'Away', roles: [] });

    world.writeFeed(delta(['create', at(1, { last: 'Away' })]));
    expect((await world.apply()).report.byOperation.enable.succeeded).toBe(1);
    expect(world.users().get(at(1).login)?.roles).toEqual(['Viewer']);
  });
});

describe.concurrent('a delta without actions', patient, () => {
  it('creates or updates, and makes nobody a leaver', async ({ expect }) => {
    await using world = await open(jobOf({ action: undefined }));
    world.writeFeed(delta(['update', at(1, { last: 'New' })], ['update', at(90)]));
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.changes).toMatchObject({ total: 2, succeeded: 2, fromAbsence: 0 });
  });

  it('takes the payloads of EPM’s own users service as they are', async ({ expect }) => {
    const epm = {
      path: 'users.json',
      records: 'users',
      whole: undefined,
      action: undefined,
      columns: {
        userName: 'userlogin',
        'name.givenName': 'firstname',
        'name.familyName': 'lastname',
        'emails.work': 'email',
      },
    };
    await using world = await World.open({ users, job: jobOf(epm) });
    const asPayload = (row: PersonRow): object => {
      const { userlogin, firstname, lastname, email } = userOf(row);
      return { userlogin, firstname, lastname, email };
    };
    const payload = { users: [at(1, { last: 'Payload' }), at(95)].map(asPayload) };
    world.write('users.json', JSON.stringify(payload));
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(ran.report.rows).toMatchObject({ total: 2, changed: 2 });
    expect(world.users().get(at(1).login)?.lastname).toBe('Payload');
    expect(world.users().has(at(95).login)).toBe(true);
  });
});
