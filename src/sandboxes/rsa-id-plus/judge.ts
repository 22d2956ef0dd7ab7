import type { Refusal } from '../faults.ts';
import type { Judgement, SaveBody } from './answers.ts';
import { type Directory, fold, type RsaUser } from './directory.ts';
import {
  isEmail,
  isPhone,
  type ListFlag,
  listFlags,
  localSource,
  type SingleFlag,
  singleFlags,
} from './facts.ts';

/** Judges the values of a create or update; `before` is null for a create. */
export function judge(body: SaveBody, before: RsaUser | null, directory: Directory): Judgement {
  const isOther = (user: RsaUser | null): boolean => user !== null && user.id !== before?.id;
  const email = body.email ?? '';
  const emailTaken = isOther(directory.withEmail(email));
  const managerEmail = body.managerEmail ?? '';
  const mailsPassword =
    body.passwordCreationOption === 'GENERATE_AND_SEND' && body.passwordSendMethod === 'EMAIL';
  const isSource =
    body.identitySource === localSource && (before?.identitySource ?? localSource) === localSource;
  const isFreeName = (name: string): boolean => name !== '' && !isOther(directory.named(name));
  return {
    single: {
      first_name_valid: (body.firstName ?? '') !== '',
      last_name_valid: true,
      username_valid: /^\S+$/.test(body.userName ?? ''),
      email_valid: isEmail(email) && !emailTaken,
      sms_phone_valid: isEmptyOr(body.defaultSmsPhone, isPhone),
      voice_phone_valid: isEmptyOr(body.defaultVoicePhone, isPhone),
      manager_email_valid: isEmptyOr(managerEmail, isEmail),
      identity_source_valid: isSource,
      password_valid: body.passwordCreationOption !== 'ENTERED_BY_ADMIN' || (body.password ?? '') !== '',
      initial_password_email_valid: isEmail(body.initialPasswordEmail ?? ''),
      password_send_method_valid:
        body.passwordCreationOption !== 'GENERATE_AND_SEND' || (body.passwordSendMethod ?? null) !== null,
    },
    lists: {
      alternate_username_valid: (body.alternateUsernames ?? []).map(isFreeName),
      virtualgroups_valid: (body.groupMemberships ?? []).map((name) => directory.hasGroup(name)),
      sms_phone_list_valid: (body.smsPhoneNumbers ?? []).map(isPhone),
      voice_phone_list_valid: (body.voicePhoneNumbers ?? []).map(isPhone),
    },
    emailReason: emailTaken ? `Another user has the address ${email}.` : null,
    managerReason: isEmptyOr(managerEmail, isEmail) ? null : `Invalid address ${managerEmail}.`,
    duplicate: isOther(directory.named(body.userName ?? '')),
    mailsPassword,
    failureReason: null,
  };
}

/** What a fault rule makes of it: a flag by its name, or a failed save with a reason. */
export function spoil(judged: Judgement, refusal: Refusal): Judgement {
  const { errorcode, errormessage } = refusal;
  const failureReason = errormessage;
  if (isSingle(errorcode)) {
    const reasons = errorcode === 'email_valid' ? { emailReason: errormessage } : {};
    return { ...judged, ...reasons, single: { ...judged.single, [errorcode]: false }, failureReason };
  }
  if (isList(errorcode) && judged.lists[errorcode].length > 0) {
    const spoiled = judged.lists[errorcode].map((valid, index, all) => valid && index < all.length - 1);
    return { ...judged, lists: { ...judged.lists, [errorcode]: spoiled }, failureReason };
  }
  return { ...judged, duplicate: judged.duplicate || errorcode === 'duplicate_username', failureReason };
}

/** The account as a save leaves it. */
export function saved(body: SaveBody, before: RsaUser | null, id: string, directory: Directory): RsaUser {
  const keeps = directory.tenant.omittedLists === 'kept';
  const single = (value: string | null | undefined, old: string | undefined): string =>
    value === undefined && keeps ? (old ?? '') : (value ?? '');
  const list = (
    value: readonly string[] | null | undefined,
    old: readonly string[] | undefined,
  ): readonly string[] => (value === undefined && keeps ? (old ?? []) : (value ?? []));
  return {
    id,
    userName: body.userName ?? '',
    firstName: body.firstName ?? '',
    lastName: single(body.lastName, before?.lastName),
    email: body.email ?? '',
    identitySource: before?.identitySource ?? localSource,
    userStatus: before?.userStatus ?? 'Enabled',
    markDeleted: before?.markDeleted ?? false,
    scimManaged: before?.scimManaged ?? false,
    defaultSmsPhone: single(body.defaultSmsPhone, before?.defaultSmsPhone),
    defaultVoicePhone: single(body.defaultVoicePhone, before?.defaultVoicePhone),
    managerEmail: single(body.managerEmail, before?.managerEmail),
    alternateUsernames: list(body.alternateUsernames, before?.alternateUsernames),
    groupMemberships: list(body.groupMemberships, before?.groupMemberships),
    smsPhoneNumbers: list(body.smsPhoneNumbers, before?.smsPhoneNumbers),
    voicePhoneNumbers: list(body.voicePhoneNumbers, before?.voicePhoneNumbers),
  };
}

/** A user as a look-up shows it: other names than in a save, no groups, no lists (recorded answer, 2026). */
export function shown(user: RsaUser, directory: Directory): object {
  const numbers = directory.tenant.numbersShown
    ? { smsNumber: user.defaultSmsPhone || null, voiceNumber: user.defaultVoicePhone || null }
    : {};
  return {
    id: user.id,
    emailAddress: user.email,
    firstName: user.firstName,
    lastName: user.lastName,
    creationDate: '2026-01-01T00:00:00Z',
    identitySource: user.identitySource,
    userStatus: user.userStatus,
    highRiskUser: false,
    markDeleted: user.markDeleted,
    markDeletedAt: null,
    markDeletedBy: null,
    isTokenLocked: false,
    isSmsLocked: false,
    isVoiceLocked: false,
    lastSyncTime: null,
    emergencyAccessStatus: 'Disabled',
    monthLastAuthenticated: null,
    principalUsername: user.userName,
    alternateUsername: user.alternateUsernames[0] ?? '',
    primaryUniqueIdentifier: fold(user.userName),
    ...numbers,
  };
}

function isEmptyOr(value: string | null | undefined, isValid: (text: string) => boolean): boolean {
  return value === undefined || value === null || value === '' || isValid(value);
}

function isSingle(name: string): name is SingleFlag {
  return singleFlags.some((flag) => flag === name);
}

function isList(name: string): name is ListFlag {
  return listFlags.some((flag) => flag === name);
}
