import { describe, expect, it } from 'vitest';
import { item, SandboxWorld, urns } from './world.ts';

/** A user with everything that no job maps. */
const rich = {
  id: 'u1',
  userName: 'ada.moreau@example.com',
  externalId: 'E1',
  name: { givenName: 'Ada', familyName: 'Moreau', middleName: 'Lou', honorificPrefix: 'Dr' },
  nickName: 'Ad',
  profileUrl: 'https://example.com/ada',
  emails: [
    { value: 'home@example.com', type: 'home', primary: true },
    { value: 'ada@example.com', type: 'work', display: 'Ada at work' },
    { value: 'old@example.com', type: 'other' },
  ],
  phoneNumbers: [{ value: '+1 1', type: 'fax' }],
  addresses: [{ type: 'work', locality: 'Lyon', country: 'FR' }],
  entitlements: [{ value: 'licence-7' }],
  roles: [{ value: 'Auditor', primary: true, display: 'The auditor' }],
  [urns.enterprise]: { department: 'Old', costCenter: '4130', division: 'West' },
  [urns.badge]: { number: 'B-77', doors: ['north', 'south'], remark: 'lost once' },
  groups: ['Sales'],
};

const values = {
  'name.givenName': 'Adah',
  'emails.work': 'adah@example.com',
  'phoneNumbers.mobile': '+1 555',
  department: 'New',
  roles: ['Auditor', 'Editor'],
};

const expected = {
  ...rich,
  active: true,
  name: { ...rich.name, givenName: 'Adah' },
  emails: [
    { value: 'home@example.com', type: 'home', primary: true },
    { value: 'adah@example.com', type: 'work' },
    { value: 'old@example.com', type: 'other' },
  ],
  phoneNumbers: [
    { value: '+1 1', type: 'fax' },
    { value: '+1 555', type: 'mobile' },
  ],
  roles: [{ value: 'Auditor', primary: true, display: 'The auditor' }, { value: 'Editor' }],
  [urns.enterprise]: { department: 'New', costCenter: '4130', division: 'West' },
};

const withDisplay = {
  ...expected,
  emails: expected.emails.map((entry) =>
    entry.type === 'work' ? { ...entry, display: 'Ada at work' } : entry,
  ),
};

describe('an update leaves every attribute untouched that the job does not map', () => {
  it.each([
    ['PATCH as RFC 7644 has it', {}, {}, withDisplay],
    ['PATCH as Okta sends it', { dialect: 'okta' }, { patchDialect: 'okta' }, expected],
    ['PATCH as Entra ID sends it', { dialect: 'entra' }, { patchDialect: 'entra' }, withDisplay],
    ['PUT where there is no PATCH', { patch: false }, {}, expected],
    ['PUT where the job says so', {}, { use: { patch: false } }, expected],
    ['PUT without ETags', { patch: false, etag: false }, {}, expected],
  ])('%s', async (_, service, settings, wanted) => {
    await using world = await SandboxWorld.open({ users: [rich], service });
    const connection = await world.connect(settings);
    const [outcome] = await connection.write([item('update', 'u1', values)]);
    expect(outcome).toMatchObject({ result: 'succeeded', errorCode: null });
    expect(world.last()).toEqual(wanted);
  });

  it('in a bulk request', async () => {
    const second = { ...rich, id: 'u2', userName: 'bea@example.com' };
    await using world = await SandboxWorld.open({ users: [rich, second] });
    const connection = await world.connect();
    const written = await connection.write([item('update', 'u1', values), item('update', 'u2', values)]);
    expect(written.map(({ result }) => result)).toEqual(['succeeded', 'succeeded']);
    expect(world.requests.filter(({ safe }) => !safe).map(({ path }) => path)).toEqual(['/Bulk']);
    expect(world.journal().map(({ after }) => after)).toEqual([
      withDisplay,
      { ...withDisplay, id: 'u2', userName: 'bea@example.com' },
    ]);
  });

  it.each([{}, { patch: false }])('in a disable and an enable (%o)', async (service) => {
    await using world = await SandboxWorld.open({ users: [rich], service });
    const connection = await world.connect();
    await connection.write([item('disable', 'u1', { active: false })]);
    expect(world.last()).toEqual({ ...rich, active: false });
    await connection.write([item('enable', 'u1', { active: true })]);
    expect(world.last()).toEqual({ ...rich, active: true });
    expect(world.journal().map(({ op }) => op)).toEqual(['disable', 'enable']);
  });

  it('takes one role of a user away and leaves what else the role entries hold', async () => {
    await using world = await SandboxWorld.open({
      users: [{ ...rich, roles: [...rich.roles, { value: 'Editor', type: 'x' }] }],
    });
    const connection = await world.connect();
    const taking = { roles: ['auditor'], 'scim.takenRoles': ['editor'] };
    await connection.write([item('update', 'u1', taking)]);
    expect(world.last().roles).toEqual(rich.roles);
  });
});
