import type { NaughtyTarget } from './naughty-world.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

type User = Readonly<Record<string, unknown>>;

const at =
  (...path: readonly string[]) =>
  (user: User): unknown =>
    path.reduce<unknown>((value, name) => (value as User | undefined)?.[name], user);

/** Every provider, with as many names, titles and departments as its users have. */
export const naughtyTargets: readonly NaughtyTarget[] = [
  {
    provider: 'oracle-epm',
    target: { welcomeMail: false },
    users: [],
    texts: { 'name.givenName': at('firstname'), 'name.familyName': at('lastname') },
  },
  {
    provider: 'scim',
    target: {},
    users: [],
    texts: {
      'name.givenName': at('name', 'givenName'),
      'name.familyName': at('name', 'familyName'),
      displayName: at('displayName'),
      title: at('title'),
      department: at(enterprise, 'department'),
    },
  },
  {
    provider: 'vikingcloud',
    target: { authenticator: 'portal', orgIds: ['acme'], updateMethod: 'patch', initialPassword: 'none' },
    users: [],
    texts: {
      'name.givenName': at('firstName'),
      'name.familyName': at('lastName'),
      'vikingcloud.notes': at('notes'),
    },
  },
  {
    provider: 'cloud-director',
    target: { organisation: 'acme', flavour: 'vcd', providerType: 'SAML' },
    users: { flavour: 'vcd', organisations: ['acme'], users: [] },
    texts: { displayName: at('fullName'), 'cloud-director.description': at('description') },
  },
  {
    provider: 'rsa-id-plus',
    target: { omittedLists: 'kept' },
    users: { users: [] },
    texts: { 'name.givenName': at('firstName'), 'name.familyName': at('lastName') },
  },
];
