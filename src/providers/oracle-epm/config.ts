import { z } from 'zod';

/** A secret stands in a job file only as a reference to where it is kept. */
const Reference = z
  .string()
  .regex(/^(env|file):.+$/, 'Write a reference, env:NAME or file:PATH: a secret itself is refused here.');

/** Codes match this in every document and client found (oracle-epm facts page, 2026). */
const Code = z.string().regex(/^EPMCSS-[0-9]{5}$/, 'Write a code such as EPMCSS-21142.');

const Basic = z.strictObject({
  type: z.literal('basic'),
  username: z
    .string()
    .min(1)
    .describe('Login, or identitydomain.login, in clear or as a reference (env:NAME, file:PATH).'),
  password: Reference.describe('env:NAME or file:PATH.'),
});

const Bearer = z.strictObject({
  type: z.literal('bearer'),
  token: Reference.describe('env:NAME or file:PATH of an access token that the operator has fetched.'),
});

/** What `target` holds for this provider. */
export const Config = z.strictObject({
  auth: z.discriminatedUnion('type', [Basic, Bearer]),
  ownLogin: z
    .string()
    .min(1)
    .optional()
    .describe('Login of the account that signs in; it is never written. Default: from auth.username.'),
  removeFromIdentityDomain: z
    .boolean()
    .default(false)
    .describe('Acknowledges that a removal acts on every environment of the identity domain.'),
  welcomeMail: z
    .boolean()
    .optional()
    .describe('True: the service mails new users their credentials. Default: no mail, no known password.'),
  existsCodes: z
    .array(Code)
    .default(['EPMCSS-21142'])
    .describe('Codes by which the service refuses to add a login that exists already.'),
  missingCodes: z
    .array(Code)
    .default([])
    .describe('Codes by which the service refuses to remove a login that is gone already.'),
  listGeneration: z
    .enum(['epmgroups', 'memberof'])
    .default('epmgroups')
    .describe('Which flags List Users knows: epmgroups since build 26.06, memberof before.'),
});

export type Config = z.infer<typeof Config>;
