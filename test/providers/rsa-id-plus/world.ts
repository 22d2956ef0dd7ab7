import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Connection, HttpAnswer, HttpRequest, Item, Tools } from '../../../src/contracts/provider.ts';
import type { Need, Outcome } from '../../../src/domain/change.ts';
import type { Attributes, User } from '../../../src/domain/user.ts';
import { Config } from '../../../src/providers/rsa-id-plus/config.ts';
import { connect } from '../../../src/providers/rsa-id-plus/connection.ts';
import { steps } from '../../../src/providers/rsa-id-plus/steps.ts';
import { applied } from '../../../src/providers/rsa-id-plus/users.ts';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';

export const auth = {
  type: 'private_key_jwt',
  issuer: 'https://acme.auth.example.com/oauth',
  clientId: 'client-1',
  keys: ['env:KEY'],
} as const;

/** A valid configuration; a test states what differs. */
export function config(differences: Record<string, unknown> = {}): Config {
  return Config.parse({ auth, omittedLists: 'kept', removal: 'markDeleted', ...differences });
}

export interface KeyPair {
  readonly privateText: string;
  readonly privateKey: JWK;
  readonly publicKey: JWK;
}

export async function makeKey(alg: 'RS256' | 'ES256', kid: string): Promise<KeyPair> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const privateKey = { ...(await exportJWK(pair.privateKey)), kid };
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid };
  return { privateText: JSON.stringify(privateKey), privateKey, publicKey };
}

export const key = await makeKey('ES256', 'key-1');

export interface Canned {
  readonly status?: number;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface FakeTools extends Tools {
  /** Requests to the API; those to the issuer are in `signIns`. */
  readonly requests: HttpRequest[];
  readonly signIns: HttpRequest[];
  nowMs: number;
}

export interface FakeWorld {
  readonly answers?: readonly Canned[];
  readonly tokens?: readonly Canned[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly baseUrl?: string;
}

/** Answers each request with the next canned answer, the last again when they run out; tokens are `token-1` and on. */
export function fakeTools(world: FakeWorld = {}): FakeTools {
  const { answers = [], tokens, secrets = { 'env:KEY': key.privateText } } = world;
  const requests: HttpRequest[] = [];
  const signIns: HttpRequest[] = [];
  return {
    baseUrl: world.baseUrl ?? 'https://acme.access.example.com',
    requests,
    signIns,
    nowMs: 1_700_000_000_000,
    now() {
      return this.nowMs;
    },
    async request(request) {
      const isSignIn = request.baseUrl !== undefined;
      const list = isSignIn ? signIns : requests;
      list.push(request);
      if (!isSignIn) return answerOf(nth(answers, list.length));
      const token = { access_token: `token-${list.length}`, token_type: 'Bearer', expires_in: 3_600 };
      return answerOf(tokens === undefined ? { body: token } : nth(tokens, list.length));
    },
    async secret(reference) {
      const secret = secrets[reference];
      if (secret === undefined) throw new Error(`No secret ${reference}.`);
      return secret;
    },
  };
}

function nth(answers: readonly Canned[], count: number): Canned {
  const answer = answers[Math.min(count, answers.length) - 1];
  if (answer === undefined) throw new Error('No answer was prepared.');
  return answer;
}

function answerOf({ status = 200, body }: Canned): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers: {},
    body: (async function* () {
      yield new TextEncoder().encode(text);
    })(),
    text: async () => text,
  };
}

/** An answer to a look-up, in the form that was recorded from the vendor. */
export function shown(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'id-1',
    emailAddress: 'ada.moreau@example.com',
    firstName: 'Ada',
    lastName: 'Moreau',
    identitySource: 'Local Identity Source',
    userStatus: 'Enabled',
    markDeleted: false,
    principalUsername: 'ada.moreau',
    alternateUsername: '',
    ...more,
  };
}

/** The answer to a save: the vendor's sample of a success, made valid JSON. */
export function saved(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    cloud_directory_enabled: true,
    user_id: 'id-1',
    email: 'ada.moreau@example.com',
    first_name_valid: true,
    last_name_valid: true,
    username_valid: true,
    email_valid: true,
    email_failure_reason: null,
    sms_phone_valid: true,
    voice_phone_valid: true,
    manager_email_valid: true,
    manager_email_failure_reason: null,
    identity_source_valid: true,
    password_valid: true,
    initial_password_email_valid: false,
    password_send_method_valid: true,
    alternate_username_valid: [true, true],
    virtualgroups_valid: [true, true],
    sms_phone_list_valid: [true, true],
    voice_phone_list_valid: [true, true],
    save_succeeded: true,
    save_failure_reason: null,
    duplicate_username: false,
    validation_errors: [],
    ...more,
  };
}

export const person: Attributes = {
  userName: 'ada.moreau',
  'name.givenName': 'Ada',
  'name.familyName': 'Moreau',
  'emails.work': 'ada.moreau@example.com',
};

export function user(more: Attributes = {}, differences: Partial<User> = {}): User {
  return { id: 'id-1', active: true, ...differences, attributes: { ...person, ...more } };
}

export function need(operation: Need['operation'], after: Attributes, before: User | null = null): Need {
  return {
    operation,
    key: '1001',
    linkKey: '1001',
    userId: before?.id ?? null,
    user: before,
    rows: [],
    cause: 'feed',
    before: {},
    after,
    remember: null,
    conflict: null,
  };
}

/** The items of a change, as core makes them. */
export function items(
  operation: Need['operation'],
  after: Attributes,
  before: User | null = null,
  said: Attributes = {},
): Item[] {
  return steps(need(operation, after, before), before, said).map((step) => ({
    step,
    userId: before?.id ?? null,
    key: 'k1',
    attributes: { ...before?.attributes, ...after },
  }));
}

export function createItem(more: Attributes = {}): Item {
  return only(items('create', { ...person, ...more }));
}

export function updateItem(after: Attributes, before: User = user()): Item {
  return only(items('update', after, before));
}

function only(all: readonly Item[]): Item {
  const [item] = all;
  if (item === undefined || all.length > 1) throw new Error('One step was expected.');
  return item;
}

/** What became of one item; this provider's writes are never pending. */
export async function writeOne(connection: Connection, item: Item): Promise<Outcome> {
  const [outcome] = await connection.write([item]);
  if (outcome === undefined || outcome.result === 'pending') throw new Error('An outcome was expected.');
  return outcome;
}

/** Writes a change step by step as core does, until one does not succeed; gives what core would remember. */
export async function carryOut(connection: Connection, change: readonly Item[], before: User | null) {
  let now = before;
  for (const item of change) {
    const outcome = await writeOne(connection, item);
    if (outcome.result !== 'succeeded') return { outcome, user: now };
    now = applied(item.step, now, outcome.userId ?? item.userId ?? '');
  }
  return { outcome: null, user: now };
}

/** A sandbox in this process, and tools that reach it over the loopback address. */
export class SandboxWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-rsa-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  readonly sent: HttpRequest[] = [];
  #running: RunningSandbox | null = null;

  static async open(
    tenant: { users?: readonly object[] } & Record<string, unknown>,
    rules: readonly object[] = [],
  ): Promise<SandboxWorld> {
    const world = new SandboxWorld();
    const users = join(world.folder, 'users.json');
    const faults = join(world.folder, 'faults.json');
    writeFileSync(users, JSON.stringify({ users: [], ...tenant }));
    writeFileSync(faults, JSON.stringify({ rules }));
    world.#running = await startSandbox({
      provider: 'rsa-id-plus',
      port: 0,
      users,
      journal: world.journalPath,
      faults,
      ratePerSecond: null,
    });
    return world;
  }

  get baseUrl(): string {
    return this.#running?.baseUrl ?? '';
  }

  tools(secrets: Readonly<Record<string, string>> = {}): Tools {
    const all: Readonly<Record<string, string>> = { 'env:U': 'admin', 'env:P': 'sandbox', ...secrets };
    return {
      baseUrl: this.baseUrl,
      now: () => Date.now(),
      secret: async (reference) => all[reference] ?? '',
      request: async (request) => {
        this.sent.push(request);
        const response = await fetch(`${request.baseUrl ?? this.baseUrl}${request.path}`, {
          method: request.method,
          ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
          ...(request.body === undefined ? {} : { body: request.body }),
        });
        const text = await response.text();
        return { ...answerOf({ status: response.status, body: text }), status: response.status };
      },
    };
  }

  /** As a job with `sandbox: true` connects. */
  connect(differences: Record<string, unknown> = {}): Promise<Connection> {
    const login = { type: 'basic', username: 'env:U', password: 'env:P' };
    return connect(config({ auth: login, ...differences }), this.tools());
  }

  journal(): readonly JournalLine[] {
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalLine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface JournalLine {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
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
