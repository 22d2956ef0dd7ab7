/** An attribute as `/Schemas` shows it (RFC 7643, section 7). */
export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'complex' | 'reference' | 'binary';
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'writeOnly';
  readonly returned: 'always' | 'default' | 'request' | 'never';
  readonly uniqueness: 'none' | 'server';
  readonly subAttributes?: readonly Attribute[];
}

function attribute(name: string, more: Partial<Attribute> = {}): Attribute {
  return {
    name,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...more,
  };
}

function complex(
  name: string,
  subAttributes: readonly Attribute[],
  more: Partial<Attribute> = {},
): Attribute {
  return attribute(name, { type: 'complex', subAttributes, ...more });
}

/** RFC 7643, section 2.4: the sub-attributes that lists usually have. */
function list(name: string): Attribute {
  const entry = [
    attribute('value'),
    attribute('display'),
    attribute('type'),
    attribute('primary', { type: 'boolean' }),
  ];
  return complex(name, entry, { multiValued: true });
}

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  /** An extension of the sandbox's own, as many services have one. */
  badge: 'urn:example:params:scim:schemas:extension:badge:2.0:User',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  bulkRequest: 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
  bulkResponse: 'urn:ietf:params:scim:api:messages:2.0:BulkResponse',
  providerConfig: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
} as const;

const readOnly = { mutability: 'readOnly' } as const;

/** RFC 7643, section 8.7.1. */
export const userAttributes: readonly Attribute[] = [
  attribute('userName', { required: true, uniqueness: 'server' }),
  complex('name', [
    attribute('formatted'),
    attribute('familyName'),
    attribute('givenName'),
    attribute('middleName'),
    attribute('honorificPrefix'),
    attribute('honorificSuffix'),
  ]),
  attribute('displayName'),
  attribute('nickName'),
  attribute('profileUrl', { type: 'reference' }),
  attribute('title'),
  attribute('userType'),
  attribute('preferredLanguage'),
  attribute('locale'),
  attribute('timezone'),
  attribute('active', { type: 'boolean' }),
  attribute('password', { mutability: 'writeOnly', returned: 'never' }),
  list('emails'),
  list('phoneNumbers'),
  list('ims'),
  list('photos'),
  complex(
    'addresses',
    [
      ...['formatted', 'streetAddress', 'locality', 'region', 'postalCode', 'country', 'type'].map((name) =>
        attribute(name),
      ),
      attribute('primary', { type: 'boolean' }),
    ],
    { multiValued: true },
  ),
  complex(
    'groups',
    [attribute('value', readOnly), attribute('display', readOnly), attribute('type', readOnly)],
    {
      multiValued: true,
      ...readOnly,
    },
  ),
  list('entitlements'),
  list('roles'),
  list('x509Certificates'),
];

export const enterpriseAttributes: readonly Attribute[] = [
  attribute('employeeNumber'),
  attribute('costCenter'),
  attribute('organization'),
  attribute('division'),
  attribute('department'),
  complex('manager', [
    attribute('value'),
    attribute('$ref', { type: 'reference' }),
    attribute('displayName', readOnly),
  ]),
];

export const badgeAttributes: readonly Attribute[] = [
  attribute('number', { caseExact: true }),
  attribute('doors', { multiValued: true }),
  // Shown only when asked for: a PUT that does not ask first clears it.
  attribute('remark', { returned: 'request' }),
];

const groupAttributes: readonly Attribute[] = [
  attribute('displayName', { required: true }),
  complex(
    'members',
    [attribute('value'), attribute('$ref', { type: 'reference' }), attribute('display'), attribute('type')],
    { multiValued: true },
  ),
];

export const extensions: ReadonlyMap<string, readonly Attribute[]> = new Map([
  [urns.enterprise, enterpriseAttributes],
  [urns.badge, badgeAttributes],
]);

/** What the users file may say of the service under `service`. */
export interface Service {
  readonly patch: boolean;
  readonly bulk: boolean;
  readonly filter: boolean;
  readonly sort: boolean;
  readonly etag: boolean;
  readonly cursor: boolean;
  readonly maxOperations: number;
  readonly maxPayloadSize: number;
  readonly maxResults: number;
  /** The one form of PATCH that it takes. */
  readonly dialect: 'rfc' | 'okta' | 'entra';
  /** False: users do not show their groups. */
  readonly groupsInUsers: boolean;
  /** Seconds for which an Idempotency-Key is remembered; 0: such keys are not looked at. */
  readonly keyLifetimeS: number;
}

export const usualService: Service = {
  patch: true,
  bulk: true,
  filter: true,
  sort: true,
  etag: true,
  cursor: false,
  maxOperations: 100,
  maxPayloadSize: 1_048_576,
  maxResults: 200,
  dialect: 'rfc',
  groupsInUsers: true,
  keyLifetimeS: 86_400,
};

export function serviceProviderConfig(service: Service): object {
  return {
    schemas: [urns.providerConfig],
    patch: { supported: service.patch },
    bulk: {
      supported: service.bulk,
      maxOperations: service.maxOperations,
      maxPayloadSize: service.maxPayloadSize,
    },
    filter: { supported: service.filter, maxResults: service.maxResults },
    changePassword: { supported: false },
    sort: { supported: service.sort },
    etag: { supported: service.etag },
    pagination: {
      cursor: service.cursor,
      index: !service.cursor,
      defaultPaginationMethod: service.cursor ? 'cursor' : 'index',
      maxPageSize: service.maxResults,
    },
    authenticationSchemes: [
      { type: 'oauthbearertoken', name: 'Bearer', description: 'A token' },
      { type: 'httpbasic', name: 'Basic', description: 'User name and password' },
    ],
  };
}

export function resourceTypes(): readonly object[] {
  return [
    {
      schemas: [urns.resourceType],
      id: 'User',
      name: 'User',
      endpoint: '/Users',
      schema: urns.user,
      schemaExtensions: [...extensions.keys()].map((schema) => ({ schema, required: false })),
    },
    { schemas: [urns.resourceType], id: 'Group', name: 'Group', endpoint: '/Groups', schema: urns.group },
  ];
}

export function schemas(service: Service): readonly object[] {
  const shown = userAttributes.filter(({ name }) => service.groupsInUsers || name !== 'groups');
  const schema = (id: string, name: string, attributes: readonly Attribute[]): object => ({
    schemas: [urns.schema],
    id,
    name,
    attributes,
  });
  return [
    schema(urns.user, 'User', shown),
    schema(urns.group, 'Group', groupAttributes),
    schema(urns.enterprise, 'EnterpriseUser', enterpriseAttributes),
    schema(urns.badge, 'Badge', badgeAttributes),
  ];
}

/** The groups of a sandbox whose users file names none. */
export const usualGroups: readonly string[] = ['Engineering', 'Finance', 'People', 'Sales'];
