import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EpmWorld, person } from '../epm-world.ts';

const newcomer = (userlogin: string, rest: object = {}): object => ({
  ...person(userlogin),
  resetpassword: false,
  ...rest,
});

let epm: EpmWorld;
beforeEach(async () => {
  epm = new EpmWorld();
  await epm.start({ users: [person('jdoe'), person('Chris'), person('domain-only', { roles: [] })] });
});
afterEach(() => epm.close());

describe('adding users', () => {
  it('answers in the shape of the seed page when all succeed', async () => {
    expect(await epm.add(newcomer('new-1'), newcomer('new-2', { firstname: undefined }))).toEqual({
      links: { href: `${epm.baseUrl}/interop/rest/security/v2/users/add`, action: 'POST' },
      status: 0,
      error: null,
      details: { processed: 2, succeeded: 2, failed: 0, faileditems: null },
    });
  });

  it('makes an account that is not listed before it has a role', async () => {
    await epm.add(newcomer('new-1'));
    expect(await epm.list({ userlogin: 'new-1' })).toEqual([]);
    await epm.assign('Viewer', 'new-1');
    expect(await epm.list({ userlogin: 'new-1' })).toHaveLength(1);
  });

  it('refuses a login that exists in other case, and leaves that account as it was', async () => {
    const { status, details } = await epm.add(newcomer('JDOE', { lastname: 'Other' }));
    expect(status).toBe(0);
    expect(details).toMatchObject({ processed: 1, succeeded: 0, failed: 1 });
    expect(details?.faileditems).toEqual([
      {
        userlogin: 'JDOE',
        errorcode: 'EPMCSS-21142',
        errormessage: 'Failed to add users. User already exists in System. Provide different user login.',
      },
    ]);
    expect(await epm.list({ userlogin: 'jdoe' })).toMatchObject([{ userlogin: 'jdoe', lastname: 'Moreau' }]);
  });

  it('refuses a domain account that the list does not show', async () => {
    const { details } = await epm.add(newcomer('domain-only'));
    expect(details?.faileditems?.[0]?.errorcode).toBe('EPMCSS-21142');
  });

  it('fails items without a last name or e-mail address, and with an address that is none', async () => {
    const { details } = await epm.add(
      newcomer('no-last', { lastname: '' }),
      newcomer('no-mail', { email: undefined }),
      newcomer('bad-mail', { email: 'nobody.example.com' }),
      newcomer('good'),
    );
    expect(details).toMatchObject({ processed: 4, succeeded: 1, failed: 3 });
    expect(details?.faileditems?.map(({ userlogin, errorcode }) => [userlogin, errorcode])).toEqual([
      ['no-last', 'EPMCSS-21147'],
      ['no-mail', 'EPMCSS-21147'],
      ['bad-mail', 'EPMCSS-21143'],
    ]);
  });

  it.each([
    ['without resetpassword', person('x')],
    ['with a resetpassword that is no boolean', newcomer('x', { resetpassword: 'true' })],
    ['with userpassword', newcomer('x', { userpassword: 'secret' })],
    ['without userlogin', { ...newcomer('x'), userlogin: undefined }],
    ['naming the signed-in account', newcomer('Admin')],
  ])('refuses the whole request for an item %s', async (_name, item) => {
    const answer = await epm.add(newcomer('innocent'), item);
    expect(answer).toMatchObject({ status: 1, error: { errorcode: 'EPMCSS-21147' }, details: null });
    expect((await epm.add(newcomer('innocent'))).details).toMatchObject({ succeeded: 1 });
  });

  it('judges two items with one login in their order', async () => {
    const { details } = await epm.add(newcomer('twice'), newcomer('TWICE'));
    expect(details).toMatchObject({ processed: 2, succeeded: 1, failed: 1 });
    expect(details?.faileditems?.[0]?.userlogin).toBe('TWICE');
  });

  it('takes 1,000 users and refuses 1,001', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => newcomer(`bulk-${index}`));
    expect(await epm.add(...many)).toMatchObject({ status: 1, details: null });
    expect((await epm.add(...many.slice(1))).details).toMatchObject({ processed: 1000, succeeded: 1000 });
  });

  it('refuses a payload without users', async () => {
    expect(await epm.add()).toMatchObject({ status: 1, error: { errorcode: 'EPMCSS-21147' }, details: null });
    expect(await epm.call('POST', '/v2/users/add', {})).toMatchObject({ status: 1, details: null });
    expect(await epm.call('POST', '/v2/users/add', [newcomer('x')])).toMatchObject({ status: 1 });
  });
});

describe('updating users', () => {
  it('changes only the attributes that are sent, whatever the case of the login', async () => {
    const { details } = await epm.update({ userlogin: 'CHRIS', lastname: 'Newton' });
    expect(details).toEqual({ processed: 1, succeeded: 1, failed: 0, faileditems: null });
    expect(await epm.list({ userlogin: 'chris' })).toEqual([
      { userlogin: 'Chris', firstname: 'Ada', lastname: 'Newton', email: 'ada.moreau@example.com' },
    ]);
  });

  it('fails the items of the seed page with its codes and carries out the others', async () => {
    const answer = await epm.update(
      { userlogin: 'jdoe', firstname: 'Ada' },
      { userlogin: 'chris', email: 'not an address' },
      { userlogin: 'nobody', firstname: 'No' },
      { userlogin: 'domain-only', firstname: 'Seen' },
    );
    expect(answer).toMatchObject({
      status: 0,
      error: null,
      details: { processed: 4, succeeded: 1, failed: 3 },
    });
    expect(answer.details?.faileditems).toEqual([
      {
        userlogin: 'jdoe',
        errorcode: 'EPMCSS-21142',
        errormessage: 'Failed to update user. User already exists in System. Provide different user login.',
      },
      {
        userlogin: 'chris',
        errorcode: 'EPMCSS-21143',
        errormessage: 'Failed to update user. Invalid email. Provide valid email.',
      },
      {
        userlogin: 'nobody',
        errorcode: 'EPMCSS-21144',
        errormessage: 'Failed to update user. User does not exist in System. Provide valid user login.',
      },
    ]);
  });

  it('fails an item that holds a login alone, or an empty last name', async () => {
    const { details } = await epm.update({ userlogin: 'jdoe' }, { userlogin: 'chris', lastname: '' });
    expect(details?.faileditems?.map(({ errorcode }) => errorcode)).toEqual(['EPMCSS-21147', 'EPMCSS-21147']);
  });

  it('clears a first name, which the vendor lets be empty', async () => {
    expect((await epm.update({ userlogin: 'jdoe', firstname: '' })).details).toMatchObject({ succeeded: 1 });
    expect(await epm.list({ userlogin: 'jdoe' })).toMatchObject([{ firstname: '' }]);
  });

  it('takes a change of case alone for a change', async () => {
    expect((await epm.update({ userlogin: 'jdoe', lastname: 'MOREAU' })).details).toMatchObject({
      succeeded: 1,
    });
  });

  it.each([
    ['the signed-in account', { userlogin: 'ADMIN', firstname: 'Me' }],
    ['a password', { userlogin: 'chris', password: 'secret' }],
    ['a null', { userlogin: 'chris', firstname: null }],
  ])('refuses the whole request for %s', async (_name, item) => {
    const answer = await epm.update({ userlogin: 'jdoe', firstname: 'Jane' }, item);
    expect(answer).toMatchObject({ status: 1, error: { errorcode: 'EPMCSS-21147' }, details: null });
    expect(await epm.list({ userlogin: 'jdoe' })).toMatchObject([{ firstname: 'Ada' }]);
  });
});

describe('removing users', () => {
  it('removes accounts with and without roles, and fails logins that nobody has', async () => {
    const { details } = await epm.remove('JDOE', 'domain-only', 'nobody');
    expect(details).toMatchObject({ processed: 3, succeeded: 2, failed: 1 });
    expect(details?.faileditems).toMatchObject([{ userlogin: 'nobody', errorcode: 'EPMCSS-21148' }]);
    expect((await epm.list()).map(({ userlogin }) => userlogin)).toEqual(['Chris']);
    expect((await epm.add(newcomer('domain-only'))).details).toMatchObject({ succeeded: 1 });
  });

  it('refuses a request that names the signed-in account', async () => {
    const answer = await epm.remove('jdoe', 'admin');
    expect(answer.error).toEqual({
      errorcode: 'EPMCSS-21147',
      errormessage:
        'Failed to remove users. Invalid or insufficient parameters specified. Provide all required parameters for the REST API.',
    });
    expect(await epm.list({ userlogin: 'jdoe' })).toHaveLength(1);
  });
});
