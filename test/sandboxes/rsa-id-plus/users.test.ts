import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { body, RsaWorld } from './rsa-world.ts';

const ada = {
  id: 'id-1',
  userName: 'Ada.Moreau',
  firstName: 'Ada',
  lastName: 'Moreau',
  email: 'ada.moreau@example.com',
  managerEmail: 'board@example.com',
  alternateUsernames: ['amoreau'],
  groupMemberships: ['VPN'],
  smsPhoneNumbers: ['+36 1 555 0100'],
};
const newcomer = (more = {}) => body({ userName: 'new', email: 'new@example.com', ...more });
const change = (more = {}) => body({ id: 'id-1', ...more });

let rsa: RsaWorld;
beforeEach(() => {
  rsa = new RsaWorld();
});
afterEach(() => rsa.close());

const start = (more: Record<string, unknown> = {}, rules: readonly object[] = []) =>
  rsa.start({ groups: ['VPN', 'Finance'], users: [ada], ...more }, rules);

describe('looking up', () => {
  it('finds by user name, alternate user name and address, without case', async () => {
    await start();
    for (const key of [
      { username: 'ADA.moreau' },
      { username: 'AMoreau' },
      { email: 'ADA.moreau@EXAMPLE.com' },
    ]) {
      expect(await rsa.call('POST', '/lookup', key)).toEqual([200, expect.objectContaining({ id: 'id-1' })]);
    }
  });

  it('shows other names than a save has, and neither groups nor lists', async () => {
    await start();
    const [, found] = await rsa.call('POST', '/lookup', { username: 'amoreau' });
    expect(found).toMatchObject({
      emailAddress: 'ada.moreau@example.com',
      principalUsername: 'Ada.Moreau',
      alternateUsername: 'amoreau',
      userStatus: 'Enabled',
    });
    for (const name of [
      'email',
      'userName',
      'groupMemberships',
      'smsPhoneNumbers',
      'managerEmail',
      'smsNumber',
    ]) {
      expect(found).not.toHaveProperty(name);
    }
  });

  it('shows numbers where the tenant has them', async () => {
    await start({ numbersShown: true });
    const [, found] = await rsa.call('POST', '/lookup', { username: 'amoreau' });
    expect(found).toMatchObject({ smsNumber: null, voiceNumber: null });
  });

  it('answers 404 for nobody, and 400 for both keys or none', async () => {
    await start();
    expect(await rsa.call('POST', '/lookup', { username: 'nobody' })).toEqual([
      404,
      { code: '404 NOT_FOUND', description: 'User nobody not found' },
    ]);
    expect((await rsa.call('POST', '/lookup', {}))[0]).toBe(400);
    expect((await rsa.call('POST', '/lookup', { username: 'a', email: 'b' }))[0]).toBe(400);
  });
});

describe('creating', () => {
  it('gives an id of its own, and remembers it over a restart', async () => {
    await start();
    const [status, answer] = await rsa.call('POST', '/create', newcomer({ groupMemberships: ['VPN'] }));
    expect([status, answer.save_succeeded, answer.initial_password_email_valid]).toEqual([200, true, false]);
    expect(rsa.journal()).toMatchObject([{ op: 'create', key: 'new', status: 'accepted', before: null }]);
    await start();
    const [, found] = await rsa.call('POST', '/lookup', { username: 'new' });
    expect(found.id).toBe(answer.user_id);
  });

  it.each([
    ['first_name_valid', { firstName: '' }],
    ['username_valid', { userName: 'a b' }],
    ['email_valid', { email: 'nobody' }],
    ['email_valid', { email: 'ADA.moreau@example.com' }],
    ['sms_phone_valid', { defaultSmsPhone: 'x' }],
    ['manager_email_valid', { managerEmail: 'x' }],
    ['identity_source_valid', { identitySource: 'AD' }],
    ['password_valid', { passwordCreationOption: 'ENTERED_BY_ADMIN' }],
    ['password_send_method_valid', { passwordCreationOption: 'GENERATE_AND_SEND', passwordSendMethod: null }],
    [
      'initial_password_email_valid',
      { passwordCreationOption: 'GENERATE_AND_SEND', passwordSendMethod: 'EMAIL' },
    ],
    ['duplicate_username', { userName: 'AMOREAU' }],
  ])('answers HTTP 200 and a failed save with %s (%#)', async (flag, more) => {
    await start();
    const [status, answer] = await rsa.call('POST', '/create', newcomer(more));
    expect([status, answer.save_succeeded]).toEqual([200, false]);
    expect(answer[flag]).toBe(flag === 'duplicate_username');
    expect(rsa.journal()).toMatchObject([{ status: flag, before: null, after: null }]);
  });

  it('judges lists entry by entry, in the order sent', async () => {
    await start();
    const lists = { groupMemberships: ['VPN', 'None'], smsPhoneNumbers: ['x', '12345'] };
    const [, answer] = await rsa.call('POST', '/create', newcomer(lists));
    expect(answer).toMatchObject({
      virtualgroups_valid: [true, false],
      sms_phone_list_valid: [false, true],
      save_succeeded: false,
    });
  });

  it.each([
    ['a key that the page does not know', { customerId: 1 }],
    ['no identity source', { identitySource: undefined }],
    ['a password option that does not exist', { passwordCreationOption: 'SOME' }],
  ])('answers 400 for %s', async (_, more) => {
    await start();
    const [status, answer] = await rsa.call('POST', '/create', newcomer(more));
    expect([status, answer.code]).toEqual([400, '400 BAD_REQUEST']);
  });
});

describe('updating', () => {
  it('finds the account by the id in the body, and refuses one that nobody has', async () => {
    await start();
    expect((await rsa.call('PUT', '/update', change({ userName: 'ada.newton' })))[1]).toMatchObject({
      save_succeeded: true,
    });
    expect((await rsa.call('PUT', '/update', change({ id: 'id-9' })))[0]).toBe(400);
    expect((await rsa.call('POST', '/lookup', { username: 'Ada.Moreau' }))[0]).toBe(404);
  });

  it('keeps what is left out, in the one mode', async () => {
    await start({ omittedLists: 'kept' });
    await rsa.call('PUT', '/update', change({ firstName: 'Adele' }));
    expect(rsa.journal()[0]?.after).toMatchObject({ ...ada, userName: 'ada.moreau', firstName: 'Adele' });
  });

  it('clears what is left out, in the other', async () => {
    await start({ omittedLists: 'cleared' });
    await rsa.call('PUT', '/update', change({ groupMemberships: ['Finance'] }));
    expect(rsa.journal()[0]?.after).toMatchObject({
      groupMemberships: ['Finance'],
      smsPhoneNumbers: [],
      alternateUsernames: [],
      managerEmail: '',
    });
  });

  it('refuses accounts of other sources', async () => {
    await start({ users: [{ ...ada, identitySource: 'AD' }] });
    expect((await rsa.call('PUT', '/update', change()))[1]).toMatchObject({ identity_source_valid: false });
  });
});

describe('status and removal', () => {
  it('takes exactly one property', async () => {
    await start();
    expect(await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'Disabled', more: 1 })).toEqual([
      400,
      { code: '400 BAD_REQUEST', description: 'Wrong number of properties in the request body.' },
    ]);
    expect((await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'disabled' }))[0]).toBe(400);
    expect(await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'Disabled' })).toEqual([
      200,
      { id: 'id-1', userStatus: 'Disabled' },
    ]);
  });

  it('marks and deletes only disabled accounts, and deletes none that is marked', async () => {
    await start();
    const statusOf = async (method: string, path: string, json?: object) =>
      (await rsa.call(method, path, json))[0];
    expect(await statusOf('PUT', '/id-1/markDeleted', { markDeleted: true })).toBe(409);
    expect(await statusOf('DELETE', '/id-1')).toBe(409);
    await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'Disabled' });
    expect(await statusOf('PUT', '/id-1/markDeleted', { markDeleted: 'true' })).toBe(200);
    expect(await statusOf('PUT', '/id-1/markDeleted', { markDeleted: true })).toBe(409);
    expect(await statusOf('DELETE', '/id-1')).toBe(409);
    expect(await statusOf('PUT', '/id-1/userStatus', { userStatus: 'Enabled' })).toBe(409);
    expect(await statusOf('PUT', '/id-1/markDeleted', { markDeleted: false })).toBe(200);
    expect(await statusOf('DELETE', '/id-1')).toBe(200);
    expect(await statusOf('DELETE', '/id-1')).toBe(404);
  });

  it('removes nobody of a SCIM managed source', async () => {
    await start({ users: [{ ...ada, scimManaged: true, userStatus: 'Disabled' }] });
    expect((await rsa.call('DELETE', '/id-1'))[1]).toMatchObject({ code: '405 METHOD_NOT_ALLOWED' });
    expect((await rsa.call('PUT', '/id-1/markDeleted', { markDeleted: true }))[0]).toBe(405);
  });
});

describe('faults', () => {
  it('refuse users by a flag, by a status, or with 400', async () => {
    const refuse = (op: string, errorcode: string) => ({
      match: { op, user: 'ada.moreau' },
      do: { refuse: { errorcode, errormessage: 'Told so.' } },
    });
    await start({}, [
      refuse('update', 'virtualgroups_valid'),
      refuse('disable', '409 CONFLICT'),
      refuse('enable', 'X'),
    ]);
    const [, answer] = await rsa.call('PUT', '/update', change({ groupMemberships: ['VPN', 'Finance'] }));
    expect(answer).toMatchObject({ virtualgroups_valid: [true, false], save_failure_reason: 'Told so.' });
    expect((await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'Disabled' }))[0]).toBe(409);
    expect((await rsa.call('PUT', '/id-1/userStatus', { userStatus: 'Enabled' }))[0]).toBe(400);
    expect(rsa.journal().map(({ status }) => status)).toEqual(['virtualgroups_valid', '409 CONFLICT', 'X']);
  });

  it('refuse a request as a whole', async () => {
    const whole = { errorcode: 'DOWN', errormessage: 'Not now.', status: 500 };
    await start({}, [{ match: { op: 'create' }, do: { refuseBatch: whole } }]);
    expect((await rsa.call('POST', '/create', newcomer()))[0]).toBe(500);
    expect(rsa.journal()).toMatchObject([{ op: 'create', status: 'DOWN', after: null }]);
  });
});

describe('the users file', () => {
  it.each([
    ['a field that nobody knows', { users: [{ userName: 'x', login: 'x' }] }],
    ['two users of one name', { users: [{ userName: 'x' }, { userName: 'X' }] }],
    ['a mode that does not exist', { omittedLists: 'lost' }],
  ])('is refused with %s', async (_, tenant) => {
    await expect(rsa.start(tenant)).rejects.toMatchObject({ code: 'SANDBOX_FILE' });
  });
});
