import { z } from 'zod';

const Text = z.string().nullish();
const Flag = z.boolean().nullish();

/** A role or a privilege on a user: an object, though search criteria name them by text (page Search, 2026). */
export const Named = z.looseObject({ name: z.string().min(1) });
export type Named = z.infer<typeof Named>;

/**
 * A user as the service shows it, with everything that we do not know, so that it can be sent back whole. Times are
 * not read: some come without a zone and with seven digits of a second.
 */
export const WireUser = z.looseObject({
  userKey: z.looseObject({ username: z.string().min(1), authenticator: z.string().min(1) }),
  orgId: Text,
  email: Text,
  enabled: Flag,
  firstName: Text,
  lastName: Text,
  primaryPhone: Text,
  primaryPhoneCountryCode: Text,
  primaryPhoneExtension: Text,
  locale: Text,
  timeZone: Text,
  notes: Text,
  isSsoUser: Flag,
  roles: z.array(Named).nullish(),
  privileges: z.array(Named).nullish(),
  allRoles: z.array(Named).nullish(),
  allPrivileges: z.array(Named).nullish(),
});
export type WireUser = z.infer<typeof WireUser>;

/** An error in the form of Spring Boot. `timestamp` has no zone and is not read. */
export const ErrorAnswer = z.looseObject({
  message: Text.catch(null),
  error: Text.catch(null),
});

/** The answer of the token call (pages Obtain token and Use token, 2026). */
export const TokenAnswer = z.looseObject({
  idToken: z.string().min(1).nullish(),
  accessToken: z.string().min(1).nullish(),
  /** Seconds. */
  expiresIn: z.number().positive().nullish(),
});

/** The parsed text, or undefined when it is not JSON: the parser's own message would quote the answer. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
