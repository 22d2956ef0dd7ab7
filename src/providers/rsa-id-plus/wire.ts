import { z } from 'zod';

const Text = z.string().nullish();

/** A boolean that some samples show as text. */
const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/**
 * The fields of a look-up that are used. Their names are others than in create and update (a public client's
 * recorded answer, 2026): `emailAddress`, `principalUsername`. The numbers are there only where the tenant has
 * SMS or voice enabled (vendor's look-up page, 2026), so an absent one says nothing.
 */
export const LookedUp = z.object({
  id: z.string().min(1),
  emailAddress: Text,
  firstName: Text,
  lastName: Text,
  principalUsername: Text,
  identitySource: Text,
  userStatus: z.string().min(1),
  markDeleted: Flag.nullish(),
  smsNumber: Text,
  voiceNumber: Text,
});
export type LookedUp = z.infer<typeof LookedUp>;

/**
 * A user on a page of a search, whose field names are unconfirmed: those of a look-up, or those of a save where the two
 * differ.
 */
export const Searched = LookedUp.extend({ email: Text, userName: Text });
export type Searched = z.infer<typeof Searched>;

/** The answer to an enable or disable (vendor's User Status page, 2026). */
export const StatusAnswer = z.object({ userStatus: z.string() });

/**
 * The errors of the application (`{"code":"404 NOT_FOUND","description":…}`) and of the gateway before it
 * (`{"status":403,"error":"Forbidden","message":…}`), as a public client recorded them (2026).
 */
export const ErrorAnswer = z.object({
  code: Text.catch(null),
  description: Text.catch(null),
  message: Text.catch(null),
});
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;

/** The answer of the token endpoint (RFC 6749, 5.1). */
export const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().nullish().catch(null),
});

/** The refusal of the token endpoint (RFC 6749, 5.2). */
export const TokenRefusal = z.object({ error: z.string() });

/** A private key as the console hands it out. */
export const PrivateJwk = z.looseObject({
  kty: z.enum(['RSA', 'EC']),
  crv: z.string().optional(),
  kid: z.string().min(1).optional(),
  d: z.string().min(1),
});
export type PrivateJwk = z.infer<typeof PrivateJwk>;

/** What the sandbox hands out in the place of the vendor's console. */
export const SandboxClient = z.object({
  issuer: z.string(),
  clientId: z.string(),
  key: z.record(z.string(), z.unknown()),
});

/** The text as JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
