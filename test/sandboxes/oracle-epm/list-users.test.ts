import { afterEach, beforeEach, expect, it } from 'vitest';
import { EpmWorld, person } from '../epm-world.ts';

let epm: EpmWorld;
beforeEach(() => {
  epm = new EpmWorld();
});
afterEach(() => epm.close());

it('shows only users with a role in this environment, also when asked by login', async () => {
  await epm.start({ users: [person('listed'), person('hidden', { roles: [] })] });
  expect((await epm.list()).map(({ userlogin }) => userlogin)).toEqual(['listed']);
  expect(await epm.list({ userlogin: 'hidden' })).toEqual([]);
});

it('gives a user of the file without a roles key the role Viewer', async () => {
  await epm.start({ users: [person('plain')] });
  expect(await epm.list({ applicationroles: true })).toMatchObject([
    { applicationroles: [{ rolename: 'Viewer', direct: 'Yes', grantedthroughgroup: '' }] },
  ]);
});

it('shows lists only when asked, under the names of both generations of the page', async () => {
  const roles = ['User', 'Access Control - View'];
  await epm.start({ users: [person('jdoe', { roles, groups: ['G1'] })] });
  const [plain] = await epm.list();
  expect(Object.keys(plain ?? {})).toEqual(['userlogin', 'firstname', 'lastname', 'email']);
  expect(await epm.list({ roles: true, memberof: true })).toMatchObject([
    {
      roles: [{ rolename: 'User' }, { rolename: 'Access Control - View' }],
      memberof: { groups: [{ groupname: 'G1' }] },
    },
  ]);
  const newer = {
    applicationroles: true,
    granularroles: true,
    epmgroups: true,
    idcsgroups: true,
    indirect: false,
  };
  expect(await epm.list(newer)).toMatchObject([
    {
      applicationroles: [{ rolename: 'User' }],
      granularroles: [{ rolename: 'Access Control - View' }],
      epmgroups: [{ groupname: 'G1' }],
      idcsgroups: [],
    },
  ]);
});

it('finds users by login and by any attribute without case', async () => {
  await epm.start({
    users: [person('one', { lastname: 'Okafor' }), person('two', { email: 'Okafor' }), person('three')],
  });
  expect(await epm.list({ userlogin: 'ONE' })).toMatchObject([{ userlogin: 'one' }]);
  expect((await epm.list({ userattribute: 'OKAFOR' })).map(({ userlogin }) => userlogin)).toEqual([
    'one',
    'two',
  ]);
  expect(await epm.list({ userattribute: 'okaf' })).toEqual([]);
});

it('answers as v1 does: links an array, details an array', async () => {
  await epm.start();
  expect(await epm.call('POST', '/v1/users/list', {})).toEqual({
    links: [
      { rel: 'self', href: `${epm.baseUrl}/interop/rest/security/v1/users/list`, action: 'POST', data: null },
    ],
    status: 0,
    error: null,
    details: [],
  });
});

it('refuses parameters that the page does not know', async () => {
  await epm.start();
  expect(await epm.call('POST', '/v1/users/list', { limit: 10 })).toMatchObject({ status: 1, details: null });
});

it('streams a list of 50,000 users whole and in the order of the file', async () => {
  const users = Array.from({ length: 50_000 }, (_, index) =>
    person(`user-${index}`, { lastname: `Ünal ${index}` }),
  );
  await epm.start({ users });
  const listed = await epm.list();
  expect(listed).toHaveLength(50_000);
  expect(listed[49_999]).toMatchObject({ userlogin: 'user-49999', lastname: 'Ünal 49999' });
});
