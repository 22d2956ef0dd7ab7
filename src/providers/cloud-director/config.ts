import { z } from 'zod';

/** A secret stands in a job file only as a reference to where it is kept. */
const Reference = z
  .string()
  .regex(/^(env|file):.+$/, 'Write a reference, env:NAME or file:PATH: a secret itself is refused here.');

const organisationOfAccount = z
  .string()
  .min(1)
  .optional()
  .describe(
    "Organisation that the account belongs to, `System` for a provider's. Default: target.organisation.",
  );

const Basic = z.strictObject({
  type: z.literal('basic'),
  username: z.string().min(1).describe('Login without organisation, in clear or as a reference.'),
  password: Reference.describe('env:NAME or file:PATH.'),
  organisation: organisationOfAccount,
});

const ApiToken = z.strictObject({
  type: z.literal('apiToken'),
  token: Reference.describe('env:NAME or file:PATH of an API token: for reading only.'),
  organisation: organisationOfAccount,
  tokenPath: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]*$/, 'must be a path such as /tm/oauth/tenant/acme/token')
    .optional()
    .describe('Where tokens are issued. Default: /oauth/tenant/ORG/token or /oauth/provider/token.'),
});

/** What `target` holds for this provider. */
export const Config = z.strictObject({
  auth: z.discriminatedUnion('type', [Basic, ApiToken]),
  organisation: z.string().min(1).describe('Name of the organisation whose users are written.'),
  flavour: z
    .enum(['auto', 'vcd', 'vcfa'])
    .default('auto')
    .describe('Which of the two products it is: by default told from the versions it offers.'),
  apiVersion: z
    .string()
    .regex(/^[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?$/, 'must be a version such as 37.2, 40.0 or 9.1.0')
    .optional()
    .describe('API version to speak instead of the negotiated one. Write it in quotes.'),
  providerType: z
    .enum(['LOCAL', 'LDAP', 'SAML', 'OAUTH'])
    .optional()
    .describe('Where new users sign in. A job that creates users must say it.'),
  onCreate: z
    .strictObject({
      password: z
        .string()
        .default('generated')
        .describe(
          'First password of new LOCAL users: `generated` (random, known to nobody), or a reference.',
        ),
    })
    // Said of the whole, for core reports a literal under the name `password` only where it stands in `auth`.
    .refine(({ password }) => password === 'generated' || Reference.safeParse(password).success, {
      error: 'has a password that is neither `generated` nor a reference (env:NAME or file:PATH)',
    })
    .prefault({}),
  takeOwnershipBeforeRemove: z
    .boolean()
    .default(true)
    .describe('Moves what a user owns to the account that signs in, before the user is removed.'),
  groups: z
    .boolean()
    .default(false)
    .describe(
      'Whether groups are read and written: VCF Automation since API 40.0. Each read takes one more request per user.',
    ),
  renames: z
    .boolean()
    .optional()
    .describe('Whether user names of existing users may be written. Default: with VCF Automation only.'),
  unchangedPassword: z
    .enum(['asterisks', 'omitted'])
    .default('asterisks')
    .describe('What an update of a LOCAL user says in place of a password that stays.'),
});

export type Config = z.infer<typeof Config>;

/** Whether this is the provider's own organisation: its name counts without case (SDK api_vcd.go, 2026). */
export function isSystem(organisation: string): boolean {
  return organisation.toLowerCase() === 'system';
}

/** The organisation that the account signs in to. */
export function organisationOf(config: Config): string {
  return config.auth.organisation ?? config.organisation;
}
