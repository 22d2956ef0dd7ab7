import type { HttpRequest, Item, Pending } from '../../../src/contracts/provider.ts';
import type { Need, Outcome } from '../../../src/domain/change.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/vikingcloud/config.ts';
import {
  type Canned,
  errorOf,
  type FakeTools,
  type FakeWorld,
  fakeTools as fake,
  inTurn,
  needOf,
} from '../fake-tools.ts';

export const secrets: Readonly<Record<string, string>> = {
  'env:KEY': 'key-hunter2',
  'env:USER': 'svc.rollcall',
  'env:PW': 'pa:ßword-hunter2',
};

export const tokenAuth = { type: 'token', username: 'env:USER', password: 'env:PW', path: '/auth/token' };

/** A valid configuration; a test states what differs. */
export function config(differences: Record<string, unknown> = {}): Config {
  return Config.parse({
    auth: { type: 'apiKey', key: 'env:KEY' },
    authenticator: 'portal',
    ...differences,
  });
}

export const roles = {
  viewer: role('Report Viewer', 'REPORT_READ'),
  admin: role('Merchant Admin', 'MERCHANT_UPDATE'),
  auditor: role('Auditor', 'AUDIT_READ'),
};

function role(name: string, privilege: string) {
  const privileges = [{ name: privilege, description: `May ${privilege}` }];
  return { name, description: `${name}s`, internal: false, privileges };
}

/** A user as the service shows it, all three secrets included. */
export function wire(username: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    userKey: { username, authenticator: 'portal' },
    password: '{bcrypt}shown-password',
    mfaSecret: 'shown-mfa-secret',
    sharedSecret: 'shown-shared-secret',
    orgId: 'acme',
    email: `${username}@example.com`,
    enabled: true,
    locked: false,
    forcePasswordChange: false,
    expired: false,
    credentialsExpired: false,
    usingMfa: true,
    notes: 'Keeps the keys.',
    createdInstant: '2019-08-24T14:15:22Z',
    lastUpdatedInstant: '2023-12-13T19:02:31.5897497',
    firstName: 'Jane',
    lastName: 'Doe',
    primaryPhone: null,
    primaryPhoneCountryCode: null,
    roles: [roles.viewer],
    privileges: [],
    allRoles: [roles.viewer, roles.auditor],
    allPrivileges: [...roles.viewer.privileges, ...roles.auditor.privileges],
    id: 'u-1',
    isSsoUser: false,
    notInTheSchema: 'kept',
    ...more,
  };
}

export function item(
  action: string,
  username: string,
  values: Attributes = {},
  known: Attributes = {},
): Item {
  const isNew = action === 'create';
  return {
    step: { action, subject: '', values: isNew ? { userName: username, ...values } : values },
    userId: isNew ? null : `portal/${encodeURIComponent(username)}`,
    key: 'k1',
    attributes: { userName: username, 'vikingcloud.authenticator': 'portal', ...known, ...values },
  };
}

export function user(username: string, attributes: Attributes = {}, active = true): User {
  return {
    id: `portal/${encodeURIComponent(username)}`,
    active,
    attributes: { userName: username, 'vikingcloud.authenticator': 'portal', roles: [], ...attributes },
  };
}

export const need = (operation: Need['operation'], before: Attributes, after: Attributes): Need =>
  needOf(operation, 'portal/jdoe', before, after);

/** Answers each request with the next canned answer; the last one again when they run out. */
export function fakeTools(answers: readonly Canned[], world: Partial<FakeWorld> = {}): FakeTools {
  const secretOf = (name: string) => secrets[name];
  return fake(inTurn(answers), { baseUrl: 'https://portal.example.com', secretOf, ...world });
}

/** An error in the form of the service. */
export function problem(status: number, message: string, error = 'Bad Request'): Canned {
  const timestamp = '2023-12-13T19:02:31.5897497';
  return { status, body: { message, status, error, timestamp, path: '/user-service/v1' } };
}

/** What an outcome says; '' for none. */
export function messageOf(outcome: Outcome | Pending | undefined): string {
  return outcome !== undefined && 'message' in outcome ? (outcome.message ?? '') : '';
}

/** The body of a request, parsed. */
export function sent(request: HttpRequest | undefined): Record<string, unknown> {
  return JSON.parse(request?.body ?? '{}') as Record<string, unknown>;
}

export async function failureOf(work: Promise<unknown>): Promise<TargetFailure> {
  const error = await errorOf(work);
  if (error instanceof TargetFailure) return error;
  throw error;
}

/** A JSON Web Token in form with this expiry, in seconds since 1970. */
export function jwt(expSeconds: number, mark = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ exp: expSeconds, mark })}.c2ln`;
}
