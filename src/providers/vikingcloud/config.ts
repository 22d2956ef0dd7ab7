import { z } from 'zod';

/** A secret stands in a job file only as a reference to where it is kept. */
const Reference = z
  .string()
  .regex(/^(env|file):.+$/, 'Write a reference, env:NAME or file:PATH: a secret itself is refused here.');

const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'Write the name of a header, such as x-auth-token.');

const Address = z
  .string()
  .regex(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$))[^@?#]*$/, 'Write an https address.')
  .transform((address) => address.replace(/\/+$/, ''));

const Token = z.strictObject({
  type: z.literal('token'),
  username: z.string().min(1).describe('In clear or as a reference (env:NAME, file:PATH).'),
  password: Reference.describe('env:NAME or file:PATH.'),
  path: z
    .string()
    .startsWith('/')
    .describe('Path of the call that takes user name and password and answers with an idToken.'),
  baseUrl: Address.optional().describe('Host of that call, when it is another than the target.'),
  bearer: z
    .enum(['idToken', 'accessToken'])
    .default('idToken')
    .describe('Which token goes into Authorization. The vendor says: the idToken.'),
  accessTokenHeader: HeaderName.optional().describe(
    'Header that carries the access token beside it, such as x-jwt-assertion. Default: none.',
  ),
});

const ApiKey = z.strictObject({
  type: z.literal('apiKey'),
  key: Reference.describe('env:NAME or file:PATH.'),
  header: HeaderName.default('x-auth-token').describe('Header that carries the key.'),
});

const Basic = z.strictObject({
  type: z.literal('basic'),
  username: z.string().min(1).describe('In clear or as a reference (env:NAME, file:PATH).'),
  password: Reference.describe('env:NAME or file:PATH.'),
});

const Name = z.string().min(1);
const PrivilegeDefinition = z.strictObject({ name: Name, description: z.string().optional() });
const RoleDefinition = z.strictObject({
  name: Name,
  description: z.string().optional(),
  internal: z.boolean().default(false),
  privileges: z.array(PrivilegeDefinition),
});

/** What `target` holds for this provider. */
export const Config = z.strictObject({
  auth: z.discriminatedUnion('type', [Token, ApiKey, Basic]),
  authenticator: Name.describe('The authenticator of people whose row names none.'),
  authenticators: z
    .array(Name)
    .min(1)
    .optional()
    .describe('Authenticators whose users are read and written. Default: the one above.'),
  orgIds: z
    .array(Name)
    .default([])
    .describe('Organisations whose users are read and written, one search for each. Default: all in one.'),
  ownUsername: Name.optional().describe('User name of the account that signs in; it is never written.'),
  updateMethod: z
    .enum(['patch', 'post'])
    .default('patch')
    .describe('PATCH sends what changes; POST reads the user and sends it back whole.'),
  omittedSecrets: z
    .literal('kept')
    .optional()
    .describe('For POST: states that password and second factor survive when they are not sent.'),
  derivedLists: z
    .enum(['send', 'omit'])
    .default('send')
    .describe('Whether POST sends allRoles and allPrivileges back as they were read.'),
  clearWith: z.enum(['null', 'emptyText']).default('null').describe('What is sent to take a value away.'),
  roles: z.array(RoleDefinition).default([]).describe('Roles that no user holds yet, in full.'),
  privileges: z.array(PrivilegeDefinition).default([]).describe('Privileges that no user holds yet.'),
  forbidden: z
    .enum(['stop', 'item'])
    .default('stop')
    .describe('Whether 403 on a write is about the rights of the account (stop) or about that user (item).'),
  initialPassword: z
    .enum(['none', 'unknown'])
    .optional()
    .describe('unknown: new users get a random password that nobody knows. Default: none is sent.'),
  answerUsersMax: z
    .int()
    .positive()
    .optional()
    .describe('A search that answers with so many users is taken as cut off. Default: no such limit.'),
});
export type Config = z.infer<typeof Config>;

/** The authenticators whose users are this job's. */
export function authenticatorsOf(config: Config): readonly string[] {
  return config.authenticators ?? [config.authenticator];
}
