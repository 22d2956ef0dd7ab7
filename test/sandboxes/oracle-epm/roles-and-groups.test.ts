import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EpmWorld, person } from '../epm-world.ts';

let epm: EpmWorld;
beforeEach(async () => {
  epm = new EpmWorld();
  await epm.start({
    users: {
      groups: ['Empty'],
      users: [
        person('jdoe', { roles: ['Power User'], groups: ['Planning'] }),
        person('Chris'),
        person('domain-only', { roles: [] }),
      ],
    },
  });
});
afterEach(() => epm.close());

async function rolesOf(userlogin: string): Promise<unknown> {
  const [user] = await epm.list({ userlogin, roles: true });
  return (user?.roles as readonly { rolename: string }[] | undefined)?.map(({ rolename }) => rolename);
}

describe('roles', () => {
  it('are assigned to all users of a request, and held ones stay as they are', async () => {
    const answer = await epm.assign('User', 'JDOE', 'domain-only');
    expect(answer).toMatchObject({ status: 0, details: { processed: 2, succeeded: 2, failed: 0 } });
    expect(await epm.assign('User', 'jdoe')).toMatchObject({ details: { succeeded: 1, failed: 0 } });
    expect(await rolesOf('jdoe')).toEqual(['Power User', 'User']);
    expect(await rolesOf('domain-only')).toEqual(['User']);
  });

  it('are unknown to a whole request when the name is not one of the list, case included', async () => {
    for (const role of ['Superuser', 'viewer', '']) {
      expect(await epm.assign(role, 'jdoe')).toMatchObject({
        status: 1,
        error: {
          errorcode: 'EPMCSS-21000',
          errormessage: `Failed to assign role. Invalid role name ${role}. Please provide a valid role name.`,
        },
        details: null,
      });
    }
    expect((await epm.unassign('Superuser', 'jdoe')).error?.errorcode).toBe('EPMCSS-21000');
  });

  it('that are granular need an application role first', async () => {
    const role = 'Access Control - Manage';
    const { details } = await epm.assign(role, 'domain-only', 'chris');
    expect(details?.faileditems).toMatchObject([{ userlogin: 'domain-only', errorcode: 'EPMCSS-21003' }]);
    await epm.assign('Viewer', 'domain-only');
    expect((await epm.assign(role, 'domain-only')).details).toMatchObject({ succeeded: 1 });
  });

  it('fail for a login that nobody has', async () => {
    expect((await epm.assign('User', 'nobody')).details?.faileditems).toMatchObject([
      { userlogin: 'nobody', errorcode: 'EPMCSS-21002' },
    ]);
    expect((await epm.unassign('User', 'nobody')).details?.faileditems).toMatchObject([
      { userlogin: 'nobody', errorcode: 'EPMCSS-21002' },
    ]);
  });

  it('are unassigned, after the last of which the user is no longer listed', async () => {
    expect((await epm.unassign('Viewer', 'CHRIS', 'jdoe')).details).toMatchObject({ succeeded: 2 });
    expect((await epm.list()).map(({ userlogin }) => userlogin)).toEqual(['jdoe']);
    expect(await rolesOf('jdoe')).toEqual(['Power User']);
  });

  it('that are available are listed by type', async () => {
    const all = await epm.call('GET', '/v2/role/getavailableroles');
    expect(all.links).toMatchObject({ action: 'GET' });
    const names = async (type: string): Promise<unknown> => {
      const { details } = await epm.call('GET', `/v2/role/getavailableroles?type=${type}`);
      return (details as unknown as { name: string }[]).map(({ name }) => name);
    };
    expect(await names('application')).toEqual(['Service Administrator', 'Power User', 'User', 'Viewer']);
    expect(await names('granular')).toContain('Access Control - Manage');
    expect(all.details).toHaveLength(
      ((await names('application')) as string[]).length + ((await names('granular')) as string[]).length,
    );
    expect(await epm.call('GET', '/v2/role/getavailableroles?type=other')).toMatchObject({ status: 1 });
  });
});

describe('groups', () => {
  it('take users with an application role and let them go again', async () => {
    expect(await epm.join('Empty', 'JDOE', 'chris', 'jdoe')).toMatchObject({
      status: 0,
      details: { processed: 3, succeeded: 3, failed: 0 },
    });
    expect((await epm.leave('Planning', 'jdoe', 'chris')).details).toMatchObject({ succeeded: 2 });
    const [jdoe] = await epm.list({ userlogin: 'jdoe', memberof: true });
    expect(jdoe?.memberof).toEqual({ groups: [{ groupname: 'Empty' }] });
  });

  it('that do not exist in this spelling refuse the whole request', async () => {
    expect(await epm.join('planning', 'jdoe')).toMatchObject({
      status: 1,
      error: {
        errorcode: 'EPMCSS-21021',
        errormessage:
          'Failed to add users to group. Group planning does not exist. Provide a valid groupname.',
      },
      details: null,
    });
    expect((await epm.leave('PLANNING', 'jdoe')).error?.errorcode).toBe('EPMCSS-21021');
  });

  it('refuse users without a predefined role and logins that nobody has', async () => {
    const { details } = await epm.join('Planning', 'domain-only', 'nobody', 'chris');
    expect(details?.faileditems?.map(({ userlogin, errorcode }) => [userlogin, errorcode])).toEqual([
      ['domain-only', 'EPMCSS-21023'],
      ['nobody', 'EPMCSS-21022'],
    ]);
    expect((await epm.leave('Planning', 'nobody')).details?.faileditems).toMatchObject([
      { errorcode: 'EPMCSS-21022' },
    ]);
  });

  it('are listed with their members, by name and type', async () => {
    const list = async (query: object): Promise<unknown> =>
      (await epm.call('POST', '/v1/groups/list', query)).details;
    expect(await list({})).toMatchObject([{ groupname: 'Empty', type: 'EPM' }, { groupname: 'Planning' }]);
    expect(await list({ groupname: 'Planning', members: true, type: 'IDCS,EPM' })).toMatchObject([
      { groupname: 'Planning', members: { users: [{ userlogin: 'jdoe' }], groups: [] } },
    ]);
    expect(await list({ groupname: 'planning' })).toEqual([]);
    expect(await list({ type: ['IDCS'] })).toEqual([]);
  });
});

describe('payloads of roles and groups', () => {
  it('that lack something are refused whole', async () => {
    for (const path of ['/v2/role/assign/user', '/v2/groups/adduserstogroup']) {
      expect(await epm.call('PUT', path, { users: [{ userlogin: 'jdoe' }] })).toMatchObject({
        status: 1,
        error: { errorcode: 'EPMCSS-21147' },
        details: null,
      });
    }
  });

  it('may name the signed-in account, which the vendor forbids for users only', async () => {
    expect(await epm.assign('Viewer', 'admin')).toMatchObject({ status: 0, details: { failed: 1 } });
  });
});
