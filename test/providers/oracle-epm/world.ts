import type { Item } from '../../../src/contracts/provider.ts';
import type { Need } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/oracle-epm/config.ts';
import { type Canned, type FakeTools, fakeTools as fake, inTurn, needOf } from '../fake-tools.ts';

export const secrets: Readonly<Record<string, string>> = {
  'env:PW': 'pa:ßword-hunter2',
  'env:USER': 'acme.svc',
};

/** A valid configuration; a test states what differs. */
export function config(differences: Record<string, unknown> = {}): Config {
  return Config.parse({ auth: { type: 'basic', username: 'svc', password: 'env:PW' }, ...differences });
}

export function item(action: string, login: string, values: Attributes = {}, subject = ''): Item {
  const isNew = action === 'add';
  return {
    step: { action, subject, values: isNew ? { userName: login, ...values } : values },
    userId: isNew ? null : login.toLowerCase(),
    key: 'k1',
    attributes: { userName: login },
  };
}

export function user(login: string, attributes: Attributes = {}, active = true): User {
  return {
    id: login.toLowerCase(),
    active,
    attributes: { userName: login, roles: [], groups: [], ...attributes },
  };
}

export const need = (operation: Need['operation'], before: Attributes, after: Attributes): Need =>
  needOf(operation, 'jdoe', before, after);

/** Answers each request with the next canned answer; the last one again when they run out. */
export function fakeTools(answers: readonly Canned[], secretOf = (name: string) => secrets[name]): FakeTools {
  return fake(inTurn(answers), { baseUrl: 'https://epm.example.com', secretOf });
}

/** With this code the sandbox refuses to remove a login that nobody has; Oracle's is not known. */
export const codeOfUnknownLogin = 'EPMCSS-21148';

export interface FailedLine {
  readonly userlogin: string;
  readonly errorcode?: string;
  readonly errormessage?: string;
}

/** The answer to a write of so many users of whom these failed. */
export function written(processed: number, failed: readonly FailedLine[] = []): Record<string, unknown> {
  return {
    links: { href: 'https://epm.example.com/x', action: 'PUT' },
    status: 0,
    error: null,
    details: {
      processed,
      succeeded: processed - failed.length,
      failed: failed.length,
      faileditems: failed.length === 0 ? null : failed,
    },
  };
}

export function listed(login: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    userlogin: login,
    firstname: 'Jane',
    lastname: 'Doe',
    email: 'jane.doe@example.com',
    applicationroles: [{ rolename: 'Viewer', id: 'r1' }],
    ...more,
  };
}
