import type { HttpAnswer, HttpRequest, Item, Tools } from '../../../src/contracts/provider.ts';
import type { Need } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/oracle-epm/config.ts';

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

export function need(operation: Need['operation'], before: Attributes, after: Attributes): Need {
  return {
    operation,
    key: '1001',
    linkKey: '1001',
    userId: operation === 'create' ? null : 'jdoe',
    user: null,
    rows: [],
    cause: 'feed',
    before,
    after,
    remember: null,
    conflict: null,
  };
}

export interface Canned {
  readonly status?: number;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
  /** Size of the chunks in which the body arrives. */
  readonly chunkBytes?: number;
}

export interface FakeTools extends Tools {
  readonly requests: HttpRequest[];
}

/** Answers each request with the next canned answer; the last one again when they run out. */
export function fakeTools(answers: readonly Canned[], secretOf = (name: string) => secrets[name]): FakeTools {
  const requests: HttpRequest[] = [];
  return {
    baseUrl: 'https://epm.example.com',
    requests,
    async request(request) {
      const canned = answers[Math.min(requests.length, answers.length - 1)];
      if (canned === undefined) throw new Error('No answer was prepared.');
      requests.push(request);
      return answerOf(canned);
    },
    async secret(reference) {
      const secret = secretOf(reference);
      if (secret === undefined) throw new Error(`No secret ${reference}.`);
      return secret;
    },
    now: () => 0,
  };
}

export function answerOf({ status = 200, body, chunkBytes = 65_536 }: Canned): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = new TextEncoder().encode(text);
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: (async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    })(),
    text: async () => text,
  };
}

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

/** What a thrown error says in all its visible parts. */
export async function errorOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('Nothing was thrown.');
}
