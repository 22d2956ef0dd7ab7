import { z } from 'zod';

/** A secret stands in a job file only as a reference to where it is kept. */
const Reference = z
  .string()
  .regex(/^(env|file):.+$/, 'Write a reference, env:NAME or file:PATH: a secret itself is refused here.');

const Bearer = z.strictObject({
  type: z.literal('bearer'),
  token: Reference.describe('env:NAME or file:PATH of the token that the service issued for provisioning.'),
});

const Basic = z.strictObject({
  type: z.literal('basic'),
  username: z.string().min(1).describe('In clear or as a reference (env:NAME, file:PATH).'),
  password: Reference.describe('env:NAME or file:PATH.'),
});

const OAuth = z.strictObject({
  type: z.literal('oauth'),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !/[@#]/.test(text), 'Write the address alone, without credentials or fragment.')
    .describe('Whole address of the token endpoint; its host may be another than that of baseUrl.'),
  clientId: z.string().min(1).describe('In clear or as a reference (env:NAME, file:PATH).'),
  clientSecret: Reference.describe('env:NAME or file:PATH.'),
  clientAuthentication: z
    .enum(['basic', 'post'])
    .default('basic')
    .describe('How the client names itself: HTTP Basic (RFC 6749, 2.3.1) or fields of the form.'),
  scope: z.string().min(1).optional().describe('Scopes to ask for, separated by blanks.'),
});

const Use = z
  .strictObject({
    patch: z.boolean().optional().describe('False: PUT with the whole resource, read before.'),
    bulk: z.boolean().optional(),
    filter: z.boolean().optional().describe('False: a user without an id is sought in the whole list.'),
    etag: z.boolean().optional().describe('True: writes carry If-Match, and the service must know it.'),
    sort: z.boolean().optional(),
  })
  .default({})
  .describe('What to use whatever ServiceProviderConfig says, for a service that is wrong about itself.');

/** Headers that say something else already. */
const ownHeaders = [
  'accept',
  'authorization',
  'content-type',
  'content-length',
  'host',
  'if-match',
  'user-agent',
];

const Idempotency = z
  .strictObject({
    header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
      .refine((name) => !ownHeaders.includes(name.toLowerCase()), 'This header says something else already.')
      .default('Idempotency-Key')
      .describe('The header that takes the key.'),
    lifetime: z
      .string()
      .regex(/^[1-9][0-9]{0,5}(?:s|m|h|d)$/, 'must be a time such as `30s`, `10m`, `36h` or `3d`')
      .describe('For how long the service remembers a key, as its documents say.'),
  })
  .optional()
  .describe(
    'For a service, or a gateway before it, that gives a request with a known key its first answer again: what nobody ' +
      'can look up is then sent again. Bulk requests are not used.',
  );

/** What `target` holds for this provider. */
export const Config = z.strictObject({
  auth: z.discriminatedUnion('type', [Bearer, Basic, OAuth]),
  use: Use,
  patchDialect: z
    .enum(['rfc', 'okta', 'entra'])
    .default('rfc')
    .describe(
      'The form of PATCH that the service takes: that of RFC 7644, or the one that Okta or Entra ID sends.',
    ),
  paging: z
    .enum(['auto', 'index', 'cursor'])
    .default('auto')
    .describe('Auto: by cursor (RFC 9865) where the service offers it, else by index.'),
  pageSize: z.int().min(1).max(10_000).default(100).describe('Users asked for in one page.'),
  lookUp: z
    .enum(['query', 'search', 'none'])
    .default('query')
    .describe(
      'How somebody without a known id is found. Search: POST /Users/.search, which keeps logins out of addresses, ' +
        'where the service has it. None: not at all, for a service that cannot filter, or whose lists lag behind.',
    ),
  idempotency: Idempotency,
  groupsFrom: z
    .enum(['auto', 'users', 'groups'])
    .default('auto')
    .describe('Where memberships are read: the attribute `groups` of users, or the members of each group.'),
  removal: z
    .enum(['delete', 'deactivate'])
    .default('delete')
    .describe('What `remove` does: DELETE, or only `active: false`.'),
  unseen: z
    .array(z.string().min(1))
    .default(['password'])
    .describe('Attributes that the service never shows and keeps when a PUT leaves them out.'),
  unique: z
    .array(z.enum(['emails.work', 'externalId', 'employeeNumber']))
    .default([])
    .describe('Attributes, beside userName, of which the service lets a value belong to one user only.'),
  ownLogin: z
    .string()
    .min(1)
    .optional()
    .describe('userName of the account that signs in, if it is listed; it is never written.'),
});

export type Config = z.infer<typeof Config>;
