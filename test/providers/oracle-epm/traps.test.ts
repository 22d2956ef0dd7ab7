import { describe, expect, it } from 'vitest';
import type { Item } from '../../../src/contracts/provider.ts';
import { connect } from '../../../src/providers/oracle-epm/connection.ts';
import { oracleEpm } from '../../../src/providers/oracle-epm/index.ts';
import { steps } from '../../../src/providers/oracle-epm/steps.ts';
import { applied, userOf } from '../../../src/providers/oracle-epm/users.ts';
import { ListedUser } from '../../../src/providers/oracle-epm/wire.ts';
import { type Canned, errorOf, readAll } from '../fake-tools.ts';
import { config, fakeTools, item, listed, need, user, written } from './world.ts';

/*
 * Traps of the interface whose handling no other test misses when it is taken out. The facts stand at the code that
 * handles them.
 */

const update = item('update', 'jdoe', { 'name.givenName': 'Jane' });

async function connected(answer: Canned, settings: Record<string, unknown> = {}) {
  const tools = fakeTools([answer]);
  return { tools, connection: await connect(config(settings), tools) };
}

/** What becomes of one item when this is answered. */
async function outcomeOf(answer: Canned, what: Item = update) {
  const [outcome] = await (await connected(answer)).connection.write([what]);
  return outcome;
}

const writingFailure = async (answer: Canned) =>
  errorOf((await connected(answer)).connection.write([update]));
const listFailure = async (answer: Canned, settings: Record<string, unknown> = {}) =>
  errorOf(readAll((await connected(answer, settings)).connection.readUsers()));

const failed = (userlogin: string, errormessage = 'Invalid email.') => ({
  userlogin,
  errorcode: 'EPMCSS-29999',
  errormessage,
});
const refusal = (errorcode: string) => ({
  status: 1,
  error: { errorcode, errormessage: 'no' },
  details: null,
});

describe('credentials out of files', () => {
  it.each([
    ['a token', { type: 'bearer', token: 'env:TOKEN' }, 'Bearer t0ken'],
    [
      'a user name',
      { type: 'basic', username: 'env:USER', password: 'env:PW' },
      `Basic ${Buffer.from('svc:pw').toString('base64')}`,
    ],
  ])('are sent without the line break that ends %s', async (_, auth, header) => {
    const kept: Readonly<Record<string, string>> = {
      'env:TOKEN': 't0ken\n',
      'env:USER': 'svc\n',
      'env:PW': 'pw',
    };
    const tools = fakeTools([{ body: written(1) }], (name) => kept[name]);
    await (await connect(config({ auth }), tools)).write([update]);
    expect(tools.requests[0]?.headers?.authorization).toBe(header);
  });
});

describe('what the service echoes', () => {
  it('shows neither the encoded credentials nor a first password', async () => {
    const encoded = Buffer.from('svc:pa:ßword-hunter2').toString('base64');
    const add: Item = { ...item('add', 'jdoe'), initialPassword: 'Sesame-1' };
    const body = written(1, [failed('jdoe', `Weak password Sesame-1 of request ${encoded}`)]);
    const outcome = await outcomeOf({ body }, add);
    const message = outcome !== undefined && 'message' in outcome ? outcome.message : null;
    expect(message).toContain('Weak password');
    expect(message).not.toMatch(/Sesame|c3Zj/);
  });

  it('does not come out of a list that is no JSON either', async () => {
    const body = '{"status": 0, "details": [] "jane.doe@example.com"}';
    const failure = await listFailure({ body });
    expect(failure).toMatchObject({ trouble: 'unreadable' });
    expect(JSON.stringify([failure.message, failure.cause])).not.toContain('jane.doe');
  });
});

describe('an answer to a write', () => {
  it('may begin with a byte order mark', async () => {
    const body = `\uFEFF${JSON.stringify(written(1))}`;
    expect(await outcomeOf({ body })).toMatchObject({ result: 'succeeded' });
  });

  it.each([401, 403])('of HTTP %i is about the account, whatever its body says', async (status) => {
    const failure = await writingFailure({ status, body: refusal('EPMCSS-29999') });
    expect(failure).toMatchObject({ trouble: 'unauthorised', providerCode: 'EPMCSS-29999' });
  });

  it('contradicts itself when it names one login twice among as many failures as there are logins', async () => {
    const { connection } = await connected({
      body: {
        ...written(3),
        details: {
          processed: 3,
          succeeded: 1,
          failed: 2,
          faileditems: [failed('jdoe'), failed('chris'), failed('JDoe')],
        },
      },
    });
    const outcomes = await connection.write(['jdoe', 'chris', 'alex'].map((login) => item('update', login)));
    expect(outcomes.map(({ result }) => result)).toEqual(['failed', 'failed', 'unknown']);
  });

  it.each([
    [405, 'misconfigured', 'target.baseUrl'],
    [413, 'refused', 'batchSize'],
  ])('of HTTP %i is %s and says what to change', async (status, trouble, named) => {
    const failure = await writingFailure({ status, body: 'no' });
    expect(failure).toMatchObject({ trouble, hint: expect.stringContaining(named) });
  });

  it('of HTTP 408 is a passing trouble', async () => {
    expect(await writingFailure({ status: 408, body: '' })).toMatchObject({ trouble: 'unavailable' });
  });

  it('that refuses the account names the roles that it needs, and multi-factor sign-on', async () => {
    const failure = await writingFailure({ status: 401, body: '' });
    for (const named of ['Identity Domain Administrator', 'Service Administrator', 'multi-factor']) {
      expect(failure).toMatchObject({ hint: expect.stringContaining(named) });
    }
  });
});

describe('a new user', () => {
  it('gets a first password in the field of v2, and no mail beside it', async () => {
    const { tools, connection } = await connected({ body: written(1) }, { welcomeMail: true });
    await connection.write([{ ...item('add', 'jdoe'), initialPassword: 'Sesame-1' }]);
    expect(JSON.parse(tools.requests[0]?.body ?? '')).toEqual({
      users: [{ userlogin: 'jdoe', password: 'Sesame-1', resetpassword: false }],
    });
  });
});

describe('a login', () => {
  it('is written as the target spells it, though the id ignores its case', async () => {
    const { tools, connection } = await connected({ body: written(1) });
    await connection.write([item('update', 'Jane.Doe', { 'name.givenName': 'Jane' })]);
    expect(tools.requests[0]?.body).toContain('"userlogin":"Jane.Doe"');
  });

  it('can neither be changed nor told apart by its case', () => {
    expect(oracleEpm.attributes.userName).toMatchObject({ writable: 'onCreate', caseExact: false });
  });
});

describe('a list', () => {
  const list = (details: readonly unknown[], more = {}) => ({
    body: { status: 0, error: null, details, ...more },
  });

  it('that is searched by one attribute may show others first', async () => {
    const others = [listed('other', { firstname: 'jdoe' }), listed('another', { email: 'jdoe' })];
    const { connection } = await connected(list(others));
    expect(await connection.lookUp([{ userId: 'jdoe', attributes: {} }])).toEqual([undefined]);
  });

  it('that is searched for one user may show somebody without a role', async () => {
    const { connection } = await connected(list([listed('jdoe', { applicationroles: undefined })]));
    const [found] = await connection.lookUp([{ userId: 'jdoe', attributes: {} }]);
    expect(found).toMatchObject({ id: 'jdoe', active: false });
  });

  it.each([
    ['a code', { errorcode: 'EPMCSS-29999' }],
    ['no more than a text', 'Something failed'],
  ])('that ends with status 0 and an error of %s is no list', async (_, error) => {
    expect(await listFailure(list([listed('jdoe')], { error }))).toMatchObject({ trouble: 'refused' });
  });

  it.each([
    [400, 'refused'],
    [500, 'refused'],
    [401, 'unauthorised'],
  ])('that is refused by HTTP %i keeps the code of the service', async (status, trouble) => {
    const failure = await listFailure({ status, body: refusal('EPMCSS-21147') });
    expect(failure).toMatchObject({ trouble, providerCode: 'EPMCSS-21147' });
    expect(failure.message).toContain('parameters are missing');
  });

  it('that an older build does not know names the build that does', async () => {
    expect(await listFailure({ status: 404, body: '' })).toMatchObject({
      hint: expect.stringContaining('25.07'),
    });
  });

  it('leaves out accounts of the identity domain, so that core must not take it for whole', () => {
    expect(oracleEpm.supports.listIsComplete).toBe(false);
  });
});

describe('a listed user', () => {
  const read = (more: Record<string, unknown>, generation: 'epmgroups' | 'memberof' = 'epmgroups') =>
    userOf(ListedUser.parse(listed('jdoe', more)), generation);

  it('says by a word or by a boolean whether a role is held directly', () => {
    const roles = (yes: unknown, no: unknown) =>
      read({
        applicationroles: [
          { rolename: 'Viewer', direct: yes },
          { rolename: 'User', direct: no },
        ],
      }).attributes;
    expect(roles(true, false).roles).toEqual(['Viewer']);
    expect(roles('Yes', ' no')).toEqual(roles(true, false));
  });

  it('has its groups in memberof itself or below it, by the build', () => {
    const groups = [{ groupname: 'G1' }];
    for (const memberof of [groups, { groups }]) {
      expect(read({ memberof }, 'memberof').attributes.groups).toEqual(['G1']);
    }
  });

  it('may have null for any name', () => {
    const names = read({ firstname: null, lastname: null, email: null }).attributes;
    expect(names).toMatchObject({ 'name.givenName': null, 'name.familyName': null, 'emails.work': null });
  });
});

describe('the older list, which shows no roles', () => {
  const known = user('jdoe', { groups: ['G1'] });
  const { roles: _, ...attributes } = known.attributes;
  const jane = { ...known, attributes };

  it('has shown whom it shows as active, so that a look-up after the removal tells', () => {
    const [removal] = steps(need('remove', {}, {}), jane, null);
    expect(removal?.values).toEqual({ listed: true });
    expect(steps(need('remove', {}, {}), { ...jane, active: false }, null)[0]?.values).toEqual({});
  });

  it('makes nobody disabled who leaves a last group', () => {
    const left = applied({ action: 'remove-from-group', subject: 'G1', values: {} }, jane, 'jdoe');
    expect(left).toMatchObject({ active: true, attributes: { groups: [] } });
  });
});

describe('the two channels differ', () => {
  it('in the first name, which this one can do without', () => {
    const { attributes } = oracleEpm;
    expect(attributes['name.givenName']?.required).toBe(false);
    expect(attributes['name.familyName']?.required).toBe(true);
    expect(attributes['emails.work']).toMatchObject({ required: true, format: 'email' });
  });

  it('in the case of a group, which counts here', () => {
    expect(oracleEpm.attributes.groups?.caseExact).toBe(true);
  });
});
