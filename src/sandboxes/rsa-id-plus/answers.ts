import { z } from 'zod';
import { type ListFlag, listFlags, type SingleFlag, singleFlags } from './facts.ts';

const names: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  500: 'INTERNAL_SERVER_ERROR',
};

/** An error of the application: `{"code":"404 NOT_FOUND","description":…}`. */
export function appError(status: number, description: string): Response {
  return Response.json({ code: codeOf(status), description }, { status });
}

export function codeOf(status: number): string {
  return `${status} ${names[status] ?? 'ERROR'}`;
}

/** An error from before the application, in its framework's own form. */
export function gatewayError(status: number, error: string, message: string, path: string): Response {
  return Response.json({ timestamp: Date.now(), status, error, message, path }, { status });
}

/** How the values of a create or update were judged. */
export interface Judgement {
  readonly single: Readonly<Record<SingleFlag, boolean>>;
  readonly lists: Readonly<Record<ListFlag, readonly boolean[]>>;
  readonly emailReason: string | null;
  readonly managerReason: string | null;
  readonly duplicate: boolean;
  /** True when the first password is mailed, so that its address counts. */
  readonly mailsPassword: boolean;
  readonly failureReason: string | null;
}

/**
 * What is wrong, as the journal says it; null when all is well. The address for the first password counts only
 * when one is mailed: the vendor's sample of a success has its flag false.
 */
export function faultOf(judged: Judgement): string | null {
  if (judged.duplicate) return 'duplicate_username';
  const flag = singleFlags.find(
    (name) => !judged.single[name] && (name !== 'initial_password_email_valid' || judged.mailsPassword),
  );
  const list = listFlags.find((name) => judged.lists[name].includes(false));
  return flag ?? list ?? (judged.failureReason === null ? null : 'save_succeeded');
}

/** The answer to a create or update, in the form of the vendor's sample. */
export function saveAnswer(
  judged: Judgement,
  user: { readonly id: string | null; readonly email: string },
): object {
  const fault = faultOf(judged);
  return {
    cloud_directory_enabled: true,
    user_id: user.id,
    email: user.email,
    ...judged.single,
    email_failure_reason: judged.emailReason,
    manager_email_failure_reason: judged.managerReason,
    ...judged.lists,
    save_succeeded: fault === null,
    save_failure_reason: fault === null ? null : judged.failureReason,
    duplicate_username: judged.duplicate,
    validation_errors: [],
  };
}

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();

/** The body of a create or update. The tables call them required although they may be empty: then a flag says so. */
export const SaveBody = z.strictObject({
  id: text,
  firstName: z.string().nullable(),
  lastName: text,
  userName: z.string().nullable(),
  email: z.string().nullable(),
  defaultSmsPhone: text,
  defaultVoicePhone: text,
  managerEmail: text,
  identitySource: z.string().nullable(),
  password: text,
  passwordCreationOption: z.enum(['NONE', 'GENERATE_AND_SEND', 'ENTERED_BY_ADMIN']),
  passwordSendMethod: z.enum(['NONE', 'EMAIL']).nullish(),
  initialPasswordEmail: text,
  alternateUsernames: texts,
  groupMemberships: texts,
  smsPhoneNumbers: texts,
  voicePhoneNumbers: texts,
});
export type SaveBody = z.infer<typeof SaveBody>;
