import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, HttpRequest, Item, Pending, Tools } from '../../../src/contracts/provider.ts';
import type { Need, Outcome } from '../../../src/domain/change.ts';
import { TargetFailure } from '../../../src/domain/failure.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/scim/config.ts';
import { connect } from '../../../src/providers/scim/connection.ts';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';
import {
  answerOf,
  type Canned,
  type FakeTools,
  fakeTools as fake,
  needOf,
  readAll as readPages,
} from '../fake-tools.ts';

export const secrets: Readonly<Record<string, string>> = {
  'env:TOKEN': 'tok-hunter2-secret',
  'env:CLIENT_SECRET': 'cs-hunter2:ü&x',
  'env:PW': 'sandbox',
};

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  badge: 'urn:example:params:scim:schemas:extension:badge:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/** A valid configuration; a test states what differs. */
export function config(differences: Record<string, unknown> = {}): Config {
  return Config.parse({ auth: { type: 'bearer', token: 'env:TOKEN' }, ...differences });
}

export function item(
  action: string,
  userId: string | null,
  values: Attributes = {},
  more: Attributes = {},
): Item {
  return { step: { action, subject: '', values }, userId, key: 'k1', attributes: { ...more, ...values } };
}

export function membership(action: string, userId: string, group: string): Item {
  return { step: { action, subject: group, values: {} }, userId, key: 'k1', attributes: { userName: 'ada' } };
}

export const need = (operation: Need['operation'], before: Attributes, after: Attributes): Need =>
  needOf(operation, 'u1', before, after);

export function user(attributes: Attributes = {}, active = true): User {
  return { id: 'u1', active, attributes: { userName: 'ada', ...attributes } };
}

export function resource(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { schemas: [urns.user], id, userName: `${id}@example.com`, active: true, ...more };
}

export type Handler = (request: HttpRequest, url: URL) => Canned | Promise<Canned>;

export interface FakeService extends FakeTools {
  /** Requests that change something. */
  readonly writes: readonly HttpRequest[];
}

/** A service that answers as the handler says. */
export function fakeTools(handler: Handler, now = () => 0): FakeService {
  const world = { baseUrl: 'https://scim.example.com/v2', secretOf: (name: string) => secrets[name], now };
  const tools = fake((request) => handler(request, new URL(request.path, 'https://scim.example.com')), world);
  return {
    ...tools,
    get writes() {
      return tools.requests.filter(({ safe }) => !safe);
    },
  };
}

export const none: Canned = { status: 404, body: 'not here' };

export interface Service {
  readonly provider?: Record<string, unknown>;
  readonly types?: readonly object[];
  readonly schemas?: readonly object[];
  readonly handler?: Handler;
}

/** A service with these documents of discovery; without one, it does not have it. */
export function service({ provider, types, schemas, handler }: Service): FakeService {
  return fakeTools((request, url) => {
    if (url.pathname === '/ServiceProviderConfig') return provider === undefined ? none : { body: provider };
    if (url.pathname === '/ResourceTypes') return types === undefined ? none : { body: list(types) };
    if (url.pathname === '/Schemas') return schemas === undefined ? none : { body: list(schemas) };
    return handler?.(request, url) ?? none;
  });
}

export function list(resources: readonly object[], more: object = {}): object {
  return { schemas: [urns.list], totalResults: resources.length, Resources: resources, ...more };
}

export const able = (...names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, { supported: true }]));

export function scimError(status: number, scimType?: string, detail?: string): Canned {
  return { status, body: { schemas: [urns.error], status: String(status), scimType, detail } };
}

export const readAll = (connection: Connection): Promise<readonly User[]> =>
  readPages(connection.readUsers());

export function outcomes(answers: readonly (Outcome | Pending)[]): readonly Outcome[] {
  return answers.map((answer) => {
    if (answer.result === 'pending') throw new Error('Nothing here is pending.');
    return answer;
  });
}

export interface Line {
  readonly op: string;
  readonly key: string;
  readonly subject: string | null;
  readonly status: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** The sandbox in this process, and the provider connected to it over HTTP. */
export class SandboxWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-scim-'));
  readonly requests: HttpRequest[] = [];
  /** Called before each request of the provider leaves. */
  beforeSend: (request: HttpRequest) => Promise<void> = async () => undefined;
  #running: RunningSandbox | null = null;

  static async open(world: {
    users?: unknown;
    groups?: readonly string[];
    service?: object;
    faults?: object[];
  }) {
    const opened = new SandboxWorld();
    const { users = [], faults = [], ...rest } = world;
    opened.#running = await startSandbox({
      provider: 'scim',
      port: 0,
      users: opened.file('users.json', JSON.stringify({ users, ...rest })),
      journal: join(opened.folder, 'journal.ndjson'),
      faults: opened.file('faults.json', JSON.stringify({ rules: faults })),
      ratePerSecond: null,
    });
    return opened;
  }

  get baseUrl(): string {
    return this.#running?.baseUrl ?? '';
  }

  connect(differences: Record<string, unknown> = {}): Promise<Connection> {
    const auth = { type: 'basic', username: 'admin', password: 'env:PW' };
    return connect(config({ auth, ...differences }), httpTools(this));
  }

  async fetch(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = {
      authorization: 'Bearer sandbox',
      'content-type': 'application/scim+json',
      ...init.headers,
    };
    const answer = await fetch(`${this.baseUrl}${path}`, { ...init, headers });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  }

  journal(): readonly Line[] {
    return readFileSync(join(this.folder, 'journal.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  /** The user as the last line of the journal about it has it. */
  last(): Record<string, unknown> {
    return this.journal().at(-1)?.after ?? {};
  }

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Tools that send for real, without limits and repetition. */
function httpTools(world: SandboxWorld): Tools {
  const { baseUrl } = world;
  return {
    baseUrl,
    async request(request) {
      world.requests.push(request);
      await world.beforeSend(request);
      try {
        const { method, path, headers = {}, body = null } = request;
        const answer = await fetch(`${request.baseUrl ?? baseUrl}${path}`, { method, headers, body });
        const text = await answer.text();
        return answerOf({ status: answer.status, body: text, headers: Object.fromEntries(answer.headers) });
      } catch (cause) {
        throw new TargetFailure({ trouble: 'unanswered', message: 'No answer came.', cause });
      }
    },
    secret: async (reference) => secrets[reference] ?? '',
    now: () => Date.now(),
  };
}
