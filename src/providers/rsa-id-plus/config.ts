import { z } from 'zod';

/** A secret stands in a job file only as a reference to where it is kept. */
const Reference = z
  .string()
  .regex(/^(env|file):.+$/, 'must be a reference, env:NAME or file:PATH: a secret itself is refused here');

const Issuer = z
  .string()
  .refine(
    isIssuer,
    'must be the Issuer URL of the console: https, no credentials, no query; http on this machine only',
  )
  .transform((text) => text.replace(/\/+$/, ''));

const PrivateKeyJwt = z.strictObject({
  type: z.literal('private_key_jwt'),
  issuer: Issuer.describe(
    'The Issuer URL that the console shows, such as https://acme.auth.securid.com/oauth. Another host than baseUrl.',
  ),
  clientId: z.string().min(1).describe('Client ID of the API client in the console.'),
  keys: z
    .array(Reference)
    .min(1)
    .max(2)
    .describe('The private key as a JWK: env:NAME or file:PATH. Two of them while a key is being replaced.'),
  scopes: z
    .array(z.string().regex(/^[^\s"\\]+$/, 'must be the name of a permission, such as rsa.user.read'))
    .min(1)
    .optional()
    .describe('Permissions to ask for, in place of those that the settings need.'),
});
export type PrivateKeyJwt = z.infer<typeof PrivateKeyJwt>;

/** What a job without `auth` gets when it runs against the sandbox. */
const SandboxLogin = z.strictObject({
  type: z.literal('basic').describe('For the sandbox only: a job with `sandbox: true` needs no `auth`.'),
  username: Reference,
  password: Reference,
});
export type SandboxLogin = z.infer<typeof SandboxLogin>;

const Password = z
  .strictObject({
    creation: z
      .enum(['NONE', 'GENERATE_AND_SEND'])
      .default('NONE')
      .describe('How a new user gets a password. NONE: by other means than rollcall.'),
    send: z
      .enum(['NONE', 'EMAIL'])
      .optional()
      .describe('How a generated password reaches the user. EMAIL: the service mails every new user.'),
  })
  .refine(({ creation, send }) => creation === 'NONE' || send !== undefined, {
    path: ['send'],
    error: 'is needed with GENERATE_AND_SEND: NONE or EMAIL',
  })
  .refine(({ creation, send }) => creation !== 'NONE' || send !== 'EMAIL', {
    path: ['send'],
    error: 'must be NONE while no password is created',
  });

/** What `target` holds for this provider. */
export const Config = z.strictObject({
  auth: z.discriminatedUnion('type', [PrivateKeyJwt, SandboxLogin]),
  identitySource: z
    .string()
    .min(1)
    .default('Local Identity Source')
    .describe('Name of the local identity source that new users go to.'),
  lookUpBy: z
    .enum(['username', 'email'])
    .default('username')
    .describe('By what the users of the feed are looked up. Older tenants know `email` only.'),
  list: z
    .enum(['lookUp', 'search'])
    .default('lookUp')
    .describe(
      'How the present users are read: lookUp asks for each person of the feed and of the ledger, search pages through ' +
        'all whose address holds `emailLike`, and looks up only those whom it does not show.',
    ),
  emailLike: z
    .string()
    .min(1)
    .default('@')
    .describe(
      'With list: search, the part of an address that is searched. That @ lists everybody is unconfirmed.',
    ),
  removal: z
    .enum(['markDeleted', 'delete'])
    .optional()
    .describe('What a removal is: marked, and gone after seven days; or deleted at once and for good.'),
  markDeletedAs: z
    .enum(['boolean', 'text'])
    .default('boolean')
    .describe("Type of `markDeleted` in the request: the vendor's page says boolean, its sample has text."),
  omittedLists: z
    .enum(['kept', 'cleared'])
    .optional()
    .describe(
      'What an update does to groups, phones and other optional fields that it leaves out. The vendor does not ' +
        'say, so a job that updates must.',
    ),
  unseenLists: z
    .enum(['refuse', 'replace'])
    .default('refuse')
    .describe(
      'Whether an update may write groups, phones or other user names over those of an account whose present ' +
        'ones rollcall cannot read.',
    ),
  renames: z
    .boolean()
    .default(false)
    .describe('Whether an update may change a user name: that the service allows it is unconfirmed.'),
  password: Password.prefault({}),
});
export type Config = z.infer<typeof Config>;

/** What stands beside `auth`: all that requests and outcomes depend on. */
export type Settings = Omit<Config, 'auth'>;

/**
 * The permissions to ask for: no more than the settings need, because asking for one that the client lacks fails
 * the sign-in. The page on updating local users names `rsa.group.users.manage` (2026).
 */
export function scopesOf(config: Config): readonly string[] {
  if (config.auth.type === 'private_key_jwt' && config.auth.scopes !== undefined) return config.auth.scopes;
  const removal = { markDeleted: ['rsa.user.delete.soft'], delete: ['rsa.user.delete'] } as const;
  return [
    'rsa.user.read',
    'rsa.user.manage',
    'rsa.group.users.manage',
    ...(config.removal === undefined ? [] : removal[config.removal]),
  ];
}

/** Whether an address is on this machine, where plain http is fine. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}

function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || /[?#@]/.test(text)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}
