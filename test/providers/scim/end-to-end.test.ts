import { describe, expect, it } from 'vitest';
import { people, person, Runs, tally } from './runs.ts';
import { urns } from './world.ts';
import { isLong } from '../../long.ts';

const refusal = (user: string | readonly string[], op?: string) => ({
  match: op === undefined ? { user } : { user, op },
  do: { refuse: { errorcode: 'invalidValue', errormessage: 'No such person, ada.moreau@example.com.' } },
});

const login = (number: number) => `ada.moreau${number}@example.com`;

describe.concurrent.each([
  [isLong ? 1_000 : 300, 'with PATCH and bulk requests', {}],
  [
    200,
    'with PUT, cursors and groups that only groups show',
    {
      patch: false,
      bulk: false,
      cursor: true,
      groupsInUsers: false,
    },
  ],
])('%i people against the sandbox %s', (count, _, service) => {
  it('go through every operation, and the report counts what the journal holds', async () => {
    using runs = new Runs();
    const stranger = { userName: 'svc@example.com', groups: ['Sales'], [urns.badge]: { number: 'B1' } };
    runs.write('users.json', JSON.stringify({ users: [stranger], groups: ['Sales', 'Finance'], service }));
    runs.write('faults.json', JSON.stringify({ rules: [refusal([login(7), login(8)]), refusal(login(10))] }));
    runs.writeJob();

    // Create: three refused, one of them before it could join its group.
    runs.writeFeed(people(count));
    const created = await runs.apply();
    expect(created.code).toBe(2);
    expect(created.report.byOperation.create).toMatchObject({ succeeded: count - 3, failed: 3, unknown: 0 });
    expect(created.report.users.unmanaged).toBe(1);
    expect(created.report.failures[0]).toMatchObject({ errorCode: 'REFUSED', providerCode: 'invalidValue' });
    expect(tally(runs.journal())).toEqual({ create: count - 3, 'add-to-group': count / 10 - 1 });

    // The second run sends nothing but the three again.
    runs.write('faults.json', JSON.stringify({ rules: [] }));
    const afterFirst = runs.journal().length;
    const second = await runs.apply();
    expect(second.code).toBe(0);
    expect(second.report.rows).toMatchObject({ unchanged: count - 3, changed: 3 });
    expect(tally(runs.journal(afterFirst))).toEqual({ create: 3, 'add-to-group': 1 });

    // Update, rename, roles, groups, disable; a group and an update are refused.
    const rows = people(count).map((row, index) => {
      const number = index + 1;
      if (number <= 50) return { ...row, title: 'Changed', roles: 'Reader;Writer' };
      if (number <= 60) return { ...row, login: `bea.moreau${number}@example.com` };
      if (number <= 70) return { ...row, groups: 'Finance' };
      if (number <= 90) return { ...row, status: 'Left' as const };
      return row;
    });
    const faults = [refusal(login(1), 'update'), refusal(login(1), 'bulk'), refusal(login(70))];
    runs.write('faults.json', JSON.stringify({ rules: faults }));
    runs.writeFeed(rows);
    const beforeUpdate = runs.journal().length;
    const updated = await runs.apply();
    const lines = runs.journal(beforeUpdate);
    expect(updated.code).toBe(2);
    expect(updated.report.byOperation.update).toMatchObject({ succeeded: 68, failed: 2 });
    expect(updated.report.byOperation.disable).toMatchObject({ succeeded: 20 });
    // 61 to 69 join Finance; 60 and 70 leave or keep Sales as their rows say.
    expect(tally(lines)).toEqual({ update: 59, disable: 20, 'add-to-group': 9 });
    expect(lines.filter(({ status }) => status !== 'accepted').map(({ key }) => key)).toContain(login(70));

    // Enable whom the job disabled, remove a role, take the last step of the refused.
    runs.write('faults.json', JSON.stringify({ rules: [] }));
    runs.writeFeed(rows.map((row) => ({ ...row, roles: 'Reader', status: 'Active' as const })));
    const beforeEnable = runs.journal().length;
    const enabled = await runs.apply();
    expect(enabled.code).toBe(0);
    expect(enabled.report.byOperation.enable).toMatchObject({ succeeded: 20 });
    expect(tally(runs.journal(beforeEnable))).toMatchObject({ enable: 20, update: 50, 'add-to-group': 1 });

    // Remove those whom the whole feed no longer names.
    runs.writeJob({ policy: { leavers: [{ remove: 'now' }] } });
    runs.writeFeed(rows.slice(0, -20).map((row) => ({ ...row, roles: 'Reader', status: 'Active' as const })));
    const beforeRemove = runs.journal().length;
    const removed = await runs.apply();
    expect(removed.report.byOperation.remove).toMatchObject({ succeeded: 20 });
    expect(tally(runs.journal(beforeRemove))).toEqual({ remove: 20 });

    const beforeLast = runs.journal().length;
    const last = await runs.apply();
    expect(last.code).toBe(0);
    expect(last.report.changes.total).toBe(0);
    expect(runs.journal(beforeLast)).toEqual([]);
    expect(runs.journal().some(({ key }) => key === stranger.userName)).toBe(false);
  }, 180_000);
});

describe.concurrent('trouble on the way', () => {
  it('is looked up, so that a write whose answer was lost is neither lost nor made twice', async () => {
    using runs = new Runs();
    runs.write('users.json', JSON.stringify({ users: [], service: { bulk: false } }));
    const rules = [
      { match: { op: 'create' }, skip: 3, times: 5, do: { drop: 'after' } },
      { match: { op: 'create' }, skip: 20, times: 3, do: { status: 503 } },
    ];
    runs.write('faults.json', JSON.stringify({ rules }));
    runs.writeJob();
    runs.writeFeed([...people(60), person(61, { groups: '' })]);
    const ran = await runs.apply();
    expect(ran.report.byOperation.create).toMatchObject({ succeeded: 61, unknown: 0 });
    expect(tally(runs.journal()).create).toBe(61);
    expect(ran.code).toBe(0);
  });

  it('takes a login that exists for the person it is', async () => {
    using runs = new Runs();
    runs.write(
      'users.json',
      JSON.stringify({ users: [{ userName: login(1).toUpperCase(), externalId: 'E1' }] }),
    );
    runs.write('faults.json', JSON.stringify({ rules: [] }));
    runs.writeJob();
    runs.writeFeed([person(1)]);
    const ran = await runs.apply();
    expect(ran.report.byOperation.update).toMatchObject({ succeeded: 1 });
    expect(ran.report.byOperation.create.planned).toBe(0);
  });
});
