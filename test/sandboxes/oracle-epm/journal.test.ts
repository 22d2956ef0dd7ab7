import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EpmWorld, person } from '../epm-world.ts';

const users = [
  person('Chris'),
  person('jdoe', { roles: ['User'], groups: ['G1'] }),
  person('domain-only', { roles: [] }),
];

let epm: EpmWorld;
beforeEach(async () => {
  epm = new EpmWorld();
  await epm.start({ users });
});
afterEach(() => epm.close());

describe('the journal', () => {
  it('has a line for every item, accepted or refused, with the user before and after', async () => {
    await epm.update({ userlogin: 'CHRIS', firstname: 'Chris' }, { userlogin: 'nobody', firstname: 'No' });
    const chris = {
      userlogin: 'Chris',
      firstname: 'Ada',
      lastname: 'Moreau',
      email: 'ada.moreau@example.com',
    };
    const [first, second, ...rest] = epm.journal();
    expect(first).toEqual({
      seq: 1,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      op: 'update',
      key: 'Chris',
      subject: null,
      status: 'accepted',
      before: { ...chris, roles: ['Viewer'], groups: [] },
      after: { ...chris, firstname: 'Chris', roles: ['Viewer'], groups: [] },
    });
    expect(second).toMatchObject({
      seq: 2,
      key: 'nobody',
      status: 'EPMCSS-21144',
      before: null,
      after: null,
    });
    expect(rest).toEqual([]);
  });

  it('names each operation and its role or group', async () => {
    await epm.add({ ...person('new'), resetpassword: true });
    await epm.assign('User', 'chris');
    await epm.unassign('Viewer', 'chris');
    await epm.join('G1', 'chris');
    await epm.leave('G1', 'jdoe');
    await epm.remove('jdoe');
    expect(epm.journal().map(({ op, key, subject }) => [op, key, subject])).toEqual([
      ['add', 'new', null],
      ['assign-role', 'Chris', 'User'],
      ['unassign-role', 'Chris', 'Viewer'],
      ['add-to-group', 'Chris', 'G1'],
      ['remove-from-group', 'jdoe', 'G1'],
      ['remove', 'jdoe', null],
    ]);
    expect(epm.journal().every(({ status }) => status === 'accepted')).toBe(true);
    expect(epm.journal().at(-1)).toMatchObject({ before: { userlogin: 'jdoe' }, after: null });
  });

  it('shows equal sides when an accepted write changes nothing', async () => {
    await epm.assign('User', 'jdoe');
    const [line] = epm.journal();
    expect(line?.status).toBe('accepted');
    expect(line?.after).toEqual(line?.before);
  });

  it('has a line with its code for every user of a request that is refused whole', async () => {
    await epm.assign('No Such Role', 'CHRIS', 'nobody');
    expect(epm.journal()).toMatchObject([
      {
        op: 'assign-role',
        key: 'Chris',
        subject: 'No Such Role',
        status: 'EPMCSS-21000',
        after: { roles: ['Viewer'] },
      },
      { op: 'assign-role', key: 'nobody', status: 'EPMCSS-21000', before: null, after: null },
    ]);
  });

  it('never holds a password', async () => {
    await epm.add({ ...person('new'), resetpassword: false, password: 'Geheim-123' });
    await epm.add({ ...person('other'), resetpassword: false, userpassword: 'Geheim-123' });
    expect(epm.journal()).toHaveLength(2);
    expect(readFileSync(epm.journalPath, 'utf8')).not.toMatch(/geheim|password/i);
  });

  it('stays empty when requests do not reach the vendor’s logic', async () => {
    await epm.fetch('PUT', '/v2/users/update', '{', {});
    await epm.fetch('PUT', '/v2/users/update', { users: [] }, { Authorization: '' });
    await epm.list();
    expect(epm.journal()).toEqual([]);
  });
});

describe('a restart with the same journal', () => {
  it('remembers what was accepted, forgets nothing, and goes on counting', async () => {
    await epm.add({ ...person('new'), resetpassword: false });
    await epm.assign('Viewer', 'NEW');
    await epm.update(
      { userlogin: 'chris', lastname: 'Newton\u2028West' },
      { userlogin: 'jdoe', lastname: 'Moreau' },
    );
    await epm.remove('JDOE');
    const before = await epm.list({ roles: true, memberof: true });
    await epm.start({ users });
    expect(await epm.list({ roles: true, memberof: true })).toEqual(before);
    expect(before.map(({ userlogin, lastname }) => [userlogin, lastname])).toEqual([
      ['Chris', 'Newton\u2028West'],
      ['new', 'Moreau'],
    ]);
    expect((await epm.add({ ...person('domain-only'), resetpassword: false })).details?.failed).toBe(1);
    expect(epm.journal().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('cuts off half a line that a killed sandbox left at the end', async () => {
    await epm.update({ userlogin: 'chris', firstname: 'One' });
    appendFileSync(epm.journalPath, '{"seq":2,"at":"2026-01-01T00:0');
    await epm.start({ users });
    await epm.update({ userlogin: 'chris', firstname: 'Two' });
    expect(epm.journal().map(({ seq, after }) => [seq, after?.firstname])).toEqual([
      [1, 'One'],
      [2, 'Two'],
    ]);
  });

  it('ends a last line that an editor left without a line feed', async () => {
    await epm.update({ userlogin: 'chris', firstname: 'One' });
    writeFileSync(epm.journalPath, readFileSync(epm.journalPath, 'utf8').trimEnd());
    await epm.start({ users });
    await epm.update({ userlogin: 'chris', firstname: 'Two' });
    expect(epm.journal()).toHaveLength(2);
  });

  it.each([
    ['no JSON', 'hello\n'],
    ['another program’s line', '{"seq":1,"op":"x"}\n'],
    [
      'a user of another vendor',
      '{"seq":1,"at":"","op":"add","key":"x","subject":null,"status":"accepted","before":null,"after":{"id":"x"}}\n',
    ],
  ])('is refused when a line is %s', async (_name, content) => {
    const journal = epm.file('other.ndjson', content);
    await expect(epm.start({ users, options: { journal } })).rejects.toMatchObject({
      name: 'Failure',
      exit: 1,
      message: `journal ${journal}: line 1 is no line that this sandbox has written`,
    });
  });
});
