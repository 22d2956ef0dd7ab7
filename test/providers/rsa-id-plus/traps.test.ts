import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/rsa-id-plus/connection.ts';
import {
  type Canned,
  carryOut,
  config,
  createItem,
  fakeTools,
  items,
  person,
  SandboxWorld,
  saved,
  shown,
  updateItem,
  user,
  writeOne,
} from './world.ts';

const lists = {
  groups: ['VPN'],
  'rsa-id-plus.smsPhones': ['+36 1 555 0191', '12'],
  'rsa-id-plus.voicePhones': [],
  'rsa-id-plus.alternateUsernames': [],
};
const singles = { 'phoneNumbers.mobile': '+36 1 555 0100', 'phoneNumbers.work': null, manager: null };
const notFound = { status: 404, body: { code: '404 NOT_FOUND', description: 'User ada.moreau not found' } };

/** Writes one item against canned answers: for an update, the look-up comes first. */
async function outcomeOf(item: ReturnType<typeof createItem>, answers: readonly Canned[], settings = {}) {
  const tools = fakeTools({ answers });
  const outcome = await writeOne(await connect(config(settings), tools), item);
  return { outcome, tools, bodies: tools.requests.map(({ body }) => JSON.parse(body ?? 'null')) };
}

const create = (answer: Record<string, unknown>, more = {}) =>
  outcomeOf(createItem(more), [{ body: saved(answer) }]);

describe('HTTP 200 only means submitted', () => {
  it('takes save_succeeded for the verdict', async () => {
    const { outcome } = await create({ save_succeeded: false, save_failure_reason: 'No.' });
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED', providerCode: 'save_succeeded' });
  });

  it.each([
    [true, 'succeeded'],
    [false, 'failed'],
  ])('knows its other spelling, saveSucceeded: %s', async (saveSucceeded, result) => {
    const { save_succeeded: _, ...answer } = saved();
    const { outcome } = await outcomeOf(createItem(), [{ body: { ...answer, saveSucceeded } }]);
    expect(outcome?.result).toBe(result);
  });

  it.each([
    ['says nothing of the save', { user_id: 'id-1' }],
    ['is a sign-in page', '<html>Sign in</html>'],
    ['is empty', ''],
  ])('claims nothing from an answer that %s', async (_, body) => {
    await expect(outcomeOf(createItem(), [{ body }])).rejects.toMatchObject({ trouble: 'unreadable' });
  });

  it('takes the id of a new user from the answer', async () => {
    const { outcome } = await create({ user_id: 'id-77' });
    expect(outcome).toMatchObject({ result: 'succeeded', userId: 'id-77' });
    const { outcome: nameless } = await create({ user_id: null });
    expect(nameless).toMatchObject({ result: 'unknown', errorCode: 'UNREADABLE_ANSWER' });
  });

  it('says so when an update is answered with another id', async () => {
    const item = updateItem({ 'name.givenName': 'Adele' });
    const { outcome } = await outcomeOf(item, [{ body: shown() }, { body: saved({ user_id: 'id-2' }) }]);
    expect(outcome).toMatchObject({ result: 'succeeded', message: expect.stringContaining('another id') });
  });
});

describe('flags', () => {
  it.each([
    ['first_name_valid', 'name.givenName'],
    ['username_valid', 'userName'],
    ['email_valid', 'emails.work'],
    ['sms_phone_valid', 'phoneNumbers.mobile'],
    ['voice_phone_valid', 'phoneNumbers.work'],
    ['manager_email_valid', 'manager'],
    ['identity_source_valid', 'Local Identity Source'],
    ['password_send_method_valid', 'target.password.send'],
  ])('turns a false %s into a failure that names %s', async (flag, about) => {
    const { outcome } = await create({ [flag]: false, save_succeeded: false });
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED', providerCode: flag });
    expect(outcome?.message).toContain(`${about}`);
  });

  it('gives the reason, without the address that it repeats', async () => {
    const { outcome } = await create({
      email_valid: false,
      email_failure_reason: 'Address ada.moreau@example.com of Moreau is taken.',
      save_succeeded: false,
    });
    expect(outcome?.message).toBe(
      'RSA ID Plus refused this user: emails.work is not valid (Address … of … is taken.)',
    );
  });

  it('maps positional arrays back to the values: groups by name, phones by place', async () => {
    const { outcome } = await create(
      {
        virtualgroups_valid: [true, false],
        sms_phone_list_valid: [true, false],
        save_succeeded: false,
      },
      { groups: ['Engineering', 'VPN'], 'rsa-id-plus.smsPhones': ['+36 1 555 0191', '12'] },
    );
    expect(outcome?.providerCode).toBe('virtualgroups_valid');
    expect(outcome?.message).toContain('groups: VPN is not valid');
    expect(outcome?.message).toContain('rsa-id-plus.smsPhones: entry 2 of 2 is not valid');
    expect(outcome?.message).not.toMatch(/Engineering|555/);
  });

  it('does not take initial_password_email_valid false in a success for a failure', async () => {
    const answer = { body: saved({ initial_password_email_valid: false }) };
    const password = { creation: 'GENERATE_AND_SEND', send: 'EMAIL' };
    for (const settings of [{}, { password }]) {
      const { outcome } = await outcomeOf(createItem(), [answer], settings);
      expect(outcome).toMatchObject({ result: 'succeeded', errorCode: null });
    }
  });

  it('does not blame initial_password_email_valid for a failure when no address was sent', async () => {
    const { outcome } = await create({ email_valid: false, save_succeeded: false });
    expect(outcome?.message).not.toContain('first password');
  });

  it('calls a success that leaves out a value that was sent a failure', async () => {
    const { outcome } = await create({ sms_phone_valid: false }, { 'phoneNumbers.mobile': '12' });
    expect(outcome).toMatchObject({ result: 'failed', providerCode: 'sms_phone_valid' });
    expect((await create({ sms_phone_valid: false })).outcome?.result).toBe('succeeded');
  });

  it('calls a taken user name a conflict only when an account has exactly this name', async () => {
    const taken = { body: saved({ save_succeeded: false, duplicate_username: true, user_id: null }) };
    const exact = await outcomeOf(createItem(), [
      taken,
      { body: shown({ principalUsername: 'ADA.Moreau' }) },
    ]);
    expect(exact.outcome).toMatchObject({ result: 'conflict', errorCode: 'ALREADY_EXISTS', userId: 'id-1' });
    const alternate = await outcomeOf(createItem(), [taken, { body: shown({ principalUsername: 'other' }) }]);
    expect(alternate.outcome).toMatchObject({ result: 'failed', providerCode: 'duplicate_username' });
    const nobody = await outcomeOf(createItem(), [taken, notFound]);
    expect(nobody.outcome).toMatchObject({ result: 'failed', userId: null });
  });

  it('never takes a taken user name of an update for the account of this person', async () => {
    const item = updateItem({ userName: 'taken' });
    const answer = { body: saved({ save_succeeded: false, duplicate_username: true }) };
    const { outcome } = await outcomeOf(item, [{ body: shown() }, answer], { renames: true });
    expect(outcome).toMatchObject({ errorCode: 'REFUSED', providerCode: 'duplicate_username' });
  });
});

describe('requests', () => {
  it('has the id of an update in its body and camelCase names, and makes no password', async () => {
    const item = updateItem({ 'name.givenName': 'Adele' });
    const { tools, bodies } = await outcomeOf(item, [{ body: shown() }, { body: saved() }]);
    expect(tools.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /AdminInterface/restapi/v1/users/lookup',
      'PUT /AdminInterface/restapi/v1/users/update',
    ]);
    expect(bodies[1]).toEqual({
      id: 'id-1',
      firstName: 'Adele',
      lastName: 'Moreau',
      userName: 'ada.moreau',
      email: 'ada.moreau@example.com',
      identitySource: 'Local Identity Source',
      password: null,
      passwordCreationOption: 'NONE',
      passwordSendMethod: 'NONE',
    });
  });

  it('mails no password to new users unless the job says so', async () => {
    const off = await create({});
    expect(off.bodies[0]).toMatchObject({
      id: '',
      passwordCreationOption: 'NONE',
      passwordSendMethod: 'NONE',
      initialPasswordEmail: '',
    });
    const password = { creation: 'GENERATE_AND_SEND', send: 'EMAIL' };
    const on = await outcomeOf(createItem(), [{ body: saved() }], { password });
    expect(on.bodies[0]).toMatchObject({
      passwordCreationOption: 'GENERATE_AND_SEND',
      passwordSendMethod: 'EMAIL',
      initialPasswordEmail: 'ada.moreau@example.com',
    });
  });

  it('reads the other field names of a look-up', async () => {
    const tools = fakeTools({ answers: [{ body: shown({ smsNumber: '12345', userStatus: 'Disabled' }) }] });
    const [found] = await (await connect(config(), tools)).lookUp([{ userId: null, attributes: person }]);
    expect(found).toEqual({
      id: 'id-1',
      active: false,
      attributes: {
        ...person,
        'phoneNumbers.mobile': '12345',
        'rsa-id-plus.identitySource': 'Local Identity Source',
        'rsa-id-plus.markDeleted': false,
      },
    });
  });

  it('writes a status with exactly one property', async () => {
    const [item] = items('disable', {}, user());
    if (item === undefined) throw new Error('A step was expected.');
    const { bodies, tools } = await outcomeOf(item, [{ body: { id: 'id-1', userStatus: 'Disabled' } }]);
    expect(bodies).toEqual([{ userStatus: 'Disabled' }]);
    expect(tools.requests[0]).toMatchObject({ method: 'PUT', safe: false });
    const other = await outcomeOf(item, [{ body: { id: 'id-1', userStatus: 'Enabled' } }]);
    expect(other.outcome).toMatchObject({ result: 'unknown', errorCode: 'CONTRADICTORY_ANSWER' });
  });

  it.each([
    ['boolean', true],
    ['text', 'true'],
  ])('marks a user deleted by a %s', async (markDeletedAs, markDeleted) => {
    const [item] = items('remove', {}, user({}, { active: false }));
    if (item === undefined) throw new Error('A step was expected.');
    const { bodies } = await outcomeOf(item, [{ body: {} }], { markDeletedAs });
    expect(bodies).toEqual([{ markDeleted }]);
  });

  it.each([
    ['look-ups by address', 'email', [{ email: 'ada.moreau@example.com' }]],
    ['look-ups by name', 'username', [{ username: 'ada.moreau' }]],
  ])('makes %s of one property', async (_, lookUpBy, bodies) => {
    const tools = fakeTools({ answers: [{ body: shown() }] });
    const connection = await connect(config({ lookUpBy }), tools);
    await connection.lookUp([{ userId: null, attributes: person }]);
    await connection.lookUp([{ userId: 'id-1', attributes: person }]);
    const asked = tools.requests.map(({ body }) => JSON.parse(body ?? ''));
    expect(asked).toEqual([...bodies, ...bodies]);
  });
});

describe('a removal', () => {
  const remove = (answer: Canned, settings = {}) => {
    const [item] = items('remove', {}, user({}, { active: false }));
    if (item === undefined) throw new Error('A step was expected.');
    return outcomeOf(item, [answer], settings);
  };

  it('refuses a user of a SCIM managed source for that user only (405)', async () => {
    const { outcome } = await remove({ status: 405, body: { code: '405 METHOD_NOT_ALLOWED' } });
    expect(outcome).toMatchObject({
      result: 'failed',
      errorCode: 'REFUSED',
      providerCode: '405 METHOD_NOT_ALLOWED',
    });
  });

  it.each([404, 409])('leaves it to a look-up whether %i means done already', async (status) => {
    const code = status === 404 ? '404 NOT_FOUND' : '409 CONFLICT';
    const { outcome } = await remove({ status, body: { code, description: 'x' } });
    expect(outcome).toMatchObject({ result: 'unknown', errorCode: 'ALREADY_SO', providerCode: code });
  });

  it('does not take a 404 of another form for a missing user', async () => {
    await expect(remove({ status: 404, body: '<html>' })).rejects.toMatchObject({ trouble: 'misconfigured' });
  });

  it('deletes at once where the job says so, whatever the answer holds', async () => {
    const { outcome, tools } = await remove({ body: '' }, { removal: 'delete' });
    expect(outcome?.result).toBe('succeeded');
    expect(tools.requests[0]).toMatchObject({
      method: 'DELETE',
      path: expect.stringMatching(/users\/id-1$/),
    });
    await expect(remove({ body: '<html>' }, { removal: 'delete' })).rejects.toMatchObject({
      trouble: 'unreadable',
    });
  });

  it.each(['markDeleted', 'delete'])(
    'is done in the order that the service accepts (%s)',
    async (removal) => {
      await using world = await SandboxWorld.open({ users: [{ id: 'id-1', userName: 'ada.moreau' }] });
      const connection = await world.connect({ removal });
      const { outcome } = await carryOut(connection, items('remove', {}, user()), user());
      expect(outcome).toBeNull();
      const last = removal === 'delete' ? 'delete' : 'mark-deleted';
      expect(world.journal().map(({ op, status }) => [op, status])).toEqual([
        ['disable', 'accepted'],
        [last, 'accepted'],
      ]);
    },
  );
});

describe('omitted lists', () => {
  const ada = {
    id: 'id-1',
    userName: 'ada.moreau',
    firstName: 'Ada',
    lastName: 'Moreau',
    email: 'ada.moreau@example.com',
    managerEmail: 'board@example.com',
    defaultSmsPhone: '+36 1 555 0100',
    defaultVoicePhone: '+36 1 555 0101',
    alternateUsernames: ['amoreau'],
    groupMemberships: ['VPN', 'Finance'],
    smsPhoneNumbers: ['+36 1 555 0102'],
    voicePhoneNumbers: ['+36 1 555 0103'],
  };
  const tenant = (omittedLists: string) => ({ omittedLists, groups: ['VPN', 'Finance'], users: [ada] });
  const all = { ...lists, ...singles, 'rsa-id-plus.smsPhones': ['+36 1 555 0191'] };

  it('survive an update with every attribute that the job does not map (kept)', async () => {
    await using world = await SandboxWorld.open(tenant('kept'));
    const { outcome } = await carryOut(
      await world.connect(),
      [updateItem({ 'name.givenName': 'Adele' })],
      user(),
    );
    expect(outcome).toBeNull();
    expect(world.journal()[0]?.after).toMatchObject({ ...ada, firstName: 'Adele' });
  });

  it('are left out of an update that does not change them, however well they are known (kept)', async () => {
    const item = updateItem(
      { 'name.givenName': 'Adele' },
      user({ groups: ['VPN'], manager: 'b@example.com' }),
    );
    const { bodies } = await outcomeOf(item, [{ body: shown() }, { body: saved() }]);
    expect(bodies[1]).not.toHaveProperty('groupMemberships');
    expect(bodies[1]).not.toHaveProperty('managerEmail');
  });

  it('keep an update from being sent that could clear them (cleared)', async () => {
    await using world = await SandboxWorld.open(tenant('cleared'));
    const connection = await world.connect({ omittedLists: 'cleared' });
    const { outcome } = await carryOut(connection, [updateItem({ 'name.givenName': 'Adele' })], user());
    expect(outcome).toMatchObject({ result: 'failed', errorCode: 'REFUSED' });
    expect(outcome?.message).toContain('groups, rsa-id-plus.smsPhones');
    expect(outcome?.message).toContain('Nothing was sent');
    expect(world.journal()).toEqual([]);
  });

  it.each(Object.keys(all))(
    'keep it from being sent when %s alone is not supplied (cleared)',
    async (name) => {
      const { [name as keyof typeof all]: _, ...rest } = { 'name.givenName': 'Adele', ...all };
      const { outcome, tools } = await outcomeOf(updateItem(rest), [{ body: shown() }], {
        omittedLists: 'cleared',
      });
      expect(outcome?.message).toContain(`what ${name} shall be`);
      expect(tools.requests).toHaveLength(1);
    },
  );

  it('go out when the feed supplies all of them (cleared)', async () => {
    await using world = await SandboxWorld.open(tenant('cleared'));
    const connection = await world.connect({ omittedLists: 'cleared' });
    const { outcome } = await carryOut(
      connection,
      [updateItem({ 'name.givenName': 'Adele', ...all })],
      user(),
    );
    expect(outcome).toBeNull();
    expect(world.journal()[0]?.after).toMatchObject({
      firstName: 'Adele',
      lastName: 'Moreau',
      groupMemberships: ['VPN'],
      smsPhoneNumbers: ['+36 1 555 0191'],
      managerEmail: '',
    });
  });

  it('are known from an earlier run once rollcall has written them (cleared)', async () => {
    await using world = await SandboxWorld.open({ ...tenant('cleared'), users: [] });
    const connection = await world.connect({ omittedLists: 'cleared' });
    const item = createItem({ groups: ['VPN'], manager: 'board@example.com' });
    const made = await carryOut(connection, [item], null);
    if (made.user === null) throw new Error('A user was expected.');
    const [found] = await connection.lookUp([{ userId: made.user.id, attributes: made.user.attributes }]);
    if (found === undefined) throw new Error('A user was expected.');
    const { outcome } = await carryOut(connection, [updateItem({ 'name.givenName': 'Adele' }, found)], found);
    expect(outcome).toBeNull();
    expect(world.journal()[1]?.after).toMatchObject({ firstName: 'Adele', groupMemberships: ['VPN'] });
  });

  it('would be lost without that care, which the sandbox shows', async () => {
    await using world = await SandboxWorld.open(tenant('cleared'));
    await carryOut(await world.connect(), [updateItem({ 'name.givenName': 'Adele' })], user());
    expect(world.journal()[0]?.after).toMatchObject({ groupMemberships: [], managerEmail: '' });
  });

  it('are not written over unseen, unless the job says that the feed has them whole', async () => {
    const item = updateItem({ groups: ['Finance'] });
    await using world = await SandboxWorld.open(tenant('kept'));
    const refused = await carryOut(await world.connect(), [item], user());
    expect(refused.outcome?.message).toContain('groups cannot be read');
    expect(world.journal()).toEqual([]);
    const sent = await carryOut(await world.connect({ unseenLists: 'replace' }), [item], user());
    expect(sent.outcome).toBeNull();
    expect(world.journal()[0]?.after).toMatchObject({ ...ada, groupMemberships: ['Finance'] });
  });

  it('are written where they are known', async () => {
    await using world = await SandboxWorld.open(tenant('kept'));
    const known = user({ groups: ['VPN', 'Finance'] });
    const { outcome } = await carryOut(
      await world.connect(),
      [updateItem({ groups: ['VPN'] }, known)],
      known,
    );
    expect(outcome).toBeNull();
    expect(world.journal()[0]?.after).toMatchObject({ ...ada, groupMemberships: ['VPN'] });
  });
});

describe('an update', () => {
  it('writes back what the target has now, and not what was known when the plan was made', async () => {
    const item = updateItem({ 'name.givenName': 'Adele' });
    const { bodies } = await outcomeOf(item, [{ body: shown({ lastName: 'Changed' }) }, { body: saved() }]);
    expect(bodies[1]).toMatchObject({ firstName: 'Adele', lastName: 'Changed' });
  });

  it.each([
    ['firstName', 'name.givenName'],
    ['emailAddress', 'emails.work'],
    ['identitySource', 'rsa-id-plus.identitySource'],
  ])('is not sent when the look-up does not show %s', async (field, name) => {
    const item = updateItem({ 'name.familyName': 'Newton' });
    const { outcome, tools } = await outcomeOf(item, [{ body: shown({ [field]: null }) }]);
    expect(outcome?.message).toContain(`did not show ${name}`);
    expect(tools.requests).toHaveLength(1);
  });

  it('is not sent to another account that has the name by now', async () => {
    const item = updateItem({ 'name.givenName': 'Adele' });
    const { outcome, tools } = await outcomeOf(item, [{ body: shown({ id: 'id-2' }) }]);
    expect(outcome).toMatchObject({ result: 'conflict', errorCode: 'CHANGED_SINCE_PLAN' });
    expect(tools.requests).toHaveLength(2);
  });

  it('finds the account by its old names when both change', async () => {
    await using world = await SandboxWorld.open({
      users: [{ id: 'id-1', userName: 'ada.moreau', firstName: 'Ada', email: 'ada.moreau@example.com' }],
    });
    const item = updateItem({ userName: 'ada.newton', 'emails.work': 'ada.newton@example.com' });
    const off = await carryOut(await world.connect(), [item], user());
    expect(off.outcome?.message).toContain('target.renames');
    const on = await carryOut(await world.connect({ renames: true }), [item], user());
    expect(on.outcome).toBeNull();
    const asked = world.sent.flatMap(({ path, body }) => (path.endsWith('/lookup') ? [body] : []));
    expect(asked).toEqual([JSON.stringify({ username: 'ada.moreau' })]);
    expect(world.journal()[0]?.after).toMatchObject({
      userName: 'ada.newton',
      email: 'ada.newton@example.com',
    });
  });
});

describe('look-ups', () => {
  it('do not take somebody for a person who has that name as an alternate one', async () => {
    await using world = await SandboxWorld.open({
      users: [{ userName: 'other', email: 'o@example.com', alternateUsernames: ['ada.moreau'] }],
    });
    const connection = await world.connect();
    expect(await connection.lookUp([{ userId: null, attributes: person }])).toEqual([undefined]);
  });

  it('try a known account under both its names before it counts as gone', async () => {
    await using world = await SandboxWorld.open({
      users: [{ id: 'id-1', userName: 'renamed', email: 'ada.moreau@example.com' }],
    });
    const connection = await world.connect();
    const [found] = await connection.lookUp([{ userId: 'id-1', attributes: person }]);
    expect(found?.attributes.userName).toBe('renamed');
  });

  it('remember what they cannot show of a known account, and believe nothing of a stranger', async () => {
    const tools = fakeTools({ answers: [{ body: shown() }] });
    const attributes = { ...person, groups: ['VPN'], manager: 'board@example.com' };
    const connection = await connect(config(), tools);
    const [known] = await connection.lookUp([{ userId: 'id-1', attributes }]);
    expect(known?.attributes).toMatchObject({ groups: ['VPN'], manager: 'board@example.com' });
    const [stranger] = await connection.lookUp([{ userId: null, attributes }]);
    expect(stranger?.attributes).not.toHaveProperty('groups');
  });

  it('are answered in the order asked, whoever is missing', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `u${n}`);
    const users = names.filter((_, n) => n % 3 !== 0).map((userName) => ({ userName }));
    await using world = await SandboxWorld.open({ users });
    const sought = names.map((userName) => ({ userId: null, attributes: { userName } }));
    const found = await (await world.connect()).lookUp(sought);
    expect(found.map((one) => one?.attributes.userName)).toEqual(
      names.map((name, n) => (n % 3 === 0 ? undefined : name)),
    );
  });

  it.each([
    ['a 404 of a wrong address', { status: 404, body: { status: 404, error: 'Not Found' } }, 'misconfigured'],
    ['a page', { body: '<html>' }, 'unreadable'],
    ['a user without an id', { body: shown({ id: undefined }) }, 'unreadable'],
    ['a 500', { status: 500, body: { code: '500 INTERNAL_SERVER_ERROR', description: 'x' } }, 'unavailable'],
    ['a 400', { status: 400, body: { code: '400 BAD_REQUEST', description: 'x' } }, 'refused'],
  ])('never take %s for nobody', async (_, answer, trouble) => {
    const connection = await connect(config(), fakeTools({ answers: [answer] }));
    await expect(connection.lookUp([{ userId: null, attributes: person }])).rejects.toMatchObject({
      trouble,
    });
  });

  it('show no address and no name in an error', async () => {
    const description = 'User ada.moreau@example.com (Moreau, +36 1 555 0100) is odd. Bearer abc';
    const answer = { status: 400, body: { code: '400 BAD_REQUEST', description } };
    const connection = await connect(config(), fakeTools({ answers: [answer] }));
    const error = await connection.lookUp([{ userId: 'id-1', attributes: person }]).catch(String);
    expect(error).toContain('is odd');
    expect(error).not.toMatch(/ada|moreau|555|abc/i);
  });
});

describe('writes', () => {
  it('refuses more than one item before any call', async () => {
    const tools = fakeTools({ answers: [{ body: saved() }] });
    const connection = await connect(config(), tools);
    await expect(connection.write([createItem(), createItem()])).rejects.toThrow('one user');
    expect([...tools.requests, ...tools.signIns]).toEqual([]);
  });

  it.each([
    [{ status: 403, body: { status: 403, message: 'Access is denied' } }, 'unauthorised'],
    [{ status: 503, body: 'no' }, 'unavailable'],
    [{ status: 415, body: 'no' }, 'misconfigured'],
    [{ status: 400, body: '<html>' }, 'refused'],
  ])('tells a broken world from a refused user (%#)', async (answer, trouble) => {
    await expect(outcomeOf(createItem(), [answer])).rejects.toMatchObject({ trouble });
  });

  it('takes a 400 in the words of the service for a refusal of this user', async () => {
    const body = { code: '400 BAD_REQUEST', description: 'User ada.moreau is odd.' };
    const { outcome } = await outcomeOf(createItem(), [{ status: 400, body }]);
    expect(outcome).toMatchObject({
      result: 'failed',
      providerCode: '400 BAD_REQUEST',
      message: 'RSA ID Plus refused this user: User … is odd.',
    });
  });

  it('are repeated by nobody but core, which looks first', async () => {
    const { tools } = await create({});
    expect(tools.requests[0]?.safe).toBe(false);
  });
});
