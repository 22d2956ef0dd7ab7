import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Connection,
  HttpAnswer,
  HttpRequest,
  Item,
  Pending,
  Tools,
} from '../../../src/contracts/provider.ts';
import type { Outcome } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/cloud-director/config.ts';
import { connect } from '../../../src/providers/cloud-director/connection.ts';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';

export const secrets: Readonly<Record<string, string>> = {
  'env:PW': 'pa:ßword-hunter2',
  'env:FIRST': 'Initial-Passw0rd-1',
  'env:TOKEN': 'pa:ßword-hunter2',
};

/** A valid configuration; a test states what differs. */
export function config(differences: Record<string, unknown> = {}): Config {
  return Config.parse({
    auth: { type: 'basic', username: 'admin', password: 'env:PW' },
    organisation: 'acme',
    providerType: 'SAML',
    ...differences,
  });
}

export const system = {
  auth: { type: 'basic', username: 'admin', password: 'env:PW', organisation: 'System' },
};

export function item(action: string, user: User | null, values: Attributes = {}): Item {
  const step = { action, subject: '', values };
  return { step, userId: user?.id ?? null, key: 'k1', attributes: { ...user?.attributes, ...values } };
}

export interface Line {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** A sandbox of its own, and the provider connected to it as core would connect it. */
export class DirectorWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-vcd-'));
  readonly requests: HttpRequest[] = [];
  /** Called with each request before it is sent. */
  onRequest: (request: HttpRequest) => Promise<void> | void = () => undefined;
  #sandbox: RunningSandbox | null = null;
  #prefix = '';

  static async open(
    users: object | readonly object[] = [],
    world: { readonly faults?: readonly object[]; readonly prefix?: string } = {},
  ): Promise<DirectorWorld> {
    const opened = new DirectorWorld();
    opened.#prefix = world.prefix ?? '';
    const file = (name: string, content: object): string => {
      writeFileSync(join(opened.folder, name), JSON.stringify(content));
      return join(opened.folder, name);
    };
    opened.#sandbox = await startSandbox({
      provider: 'cloud-director',
      port: 0,
      users: file('users.json', users),
      journal: join(opened.folder, 'journal.ndjson'),
      faults: file('faults.json', { rules: world.faults ?? [] }),
      ratePerSecond: null,
      username: 'admin',
      password: secrets['env:PW'],
    });
    return opened;
  }

  get tools(): Tools {
    const baseUrl = `${this.#sandbox?.baseUrl}${this.#prefix}`;
    return {
      baseUrl,
      request: async (request) => {
        await this.onRequest(request);
        this.requests.push(request);
        const { method, path, headers = {}, body } = request;
        const answer = await fetch(`${baseUrl}${path}`, {
          method,
          headers,
          redirect: 'error',
          ...(body === undefined ? {} : { body }),
        });
        const text = await answer.text();
        return answerOf({ status: answer.status, body: text, headers: Object.fromEntries(answer.headers) });
      },
      secret: async (reference) => {
        const secret = secrets[reference];
        if (secret === undefined) throw new Error(`No secret ${reference}.`);
        return secret;
      },
      now: () => 0,
    };
  }

  connect(differences: Record<string, unknown> = {}): Promise<Connection> {
    return connect(config(differences), this.tools);
  }

  journal(): readonly Line[] {
    return readFileSync(join(this.folder, 'journal.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  /** The requests of this method whose path has this part. */
  sent(method: string, part: string): readonly HttpRequest[] {
    return this.requests.filter((request) => request.method === method && request.path.includes(part));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Canned {
  readonly status?: number;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerOf({ status = 200, body = '', headers = {} }: Canned): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers,
    body: (async function* () {
      yield new TextEncoder().encode(text);
    })(),
    text: async () => text,
  };
}

export interface FakeTools extends Tools {
  readonly requests: HttpRequest[];
}

/** A target that answers by a function, after a log-in that always works. */
export function fakeTools(answer: (request: HttpRequest) => Canned): FakeTools {
  const requests: HttpRequest[] = [];
  return {
    baseUrl: 'https://vcd.example.org',
    requests,
    async request(request) {
      requests.push(request);
      if (/\/sessions(\/provider)?$/.test(request.path)) return answerOf(signedIn);
      return answerOf(answer(request));
    },
    async secret(reference) {
      return secrets[reference] ?? '';
    },
    now: () => 0,
  };
}

export const urnA = 'urn:vcloud:user:522d756c-ad00-3b4f-ae6a-6d241437b471';
export const urnB = 'urn:vcloud:user:622d756c-ad00-4b4f-ae6a-6d241437b471';
export const roleA = { name: 'vApp User', id: 'urn:vcloud:role:722d756c-ad00-4b4f-ae6a-6d241437b471' };

export const signedIn: Canned = {
  headers: { 'x-vmware-vcloud-access-token': 's3ssion-token' },
  body: {
    user: { id: 'urn:vcloud:user:922d756c-ad00-4b4f-ae6a-6d241437b471', name: 'admin' },
    org: { id: 'urn:vcloud:org:822d756c-ad00-4b4f-ae6a-6d241437b471', name: 'acme' },
  },
};

/** A user as the wire shows it. */
export function shown(id: string, username: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    username,
    fullName: 'Ada Moreau',
    description: '',
    roleEntityRefs: [roleA],
    orgEntityRef: { name: 'acme', id: 'urn:vcloud:org:822d756c-ad00-4b4f-ae6a-6d241437b471' },
    email: null,
    nameInSource: username,
    enabled: true,
    isGroupRole: false,
    providerType: 'SAML',
    locked: false,
    stranded: false,
    ...more,
  };
}

export async function readAll(connection: Connection): Promise<readonly User[]> {
  const users: User[] = [];
  for await (const page of connection.readUsers()) users.push(...page);
  return users;
}

/** The user of this name. */
export async function userNamed(connection: Connection, userName: string): Promise<User> {
  const [found] = await connection.lookUp([{ userId: null, attributes: { userName } }]);
  if (found === undefined) throw new Error(`there is no ${userName}`);
  return found;
}

/** Writes one item and asks after it until its outcome is final. */
export async function settled(connection: Connection, one: Item): Promise<Outcome> {
  const [first] = await connection.write([one]);
  let current: Outcome | Pending | undefined = first;
  while (current?.result === 'pending') current = await current.check();
  if (current === undefined) throw new Error('no outcome was given');
  return current;
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
