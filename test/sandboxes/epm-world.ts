import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSandbox, type SandboxOptions, startSandbox } from '../../src/sandboxes/start-sandbox.ts';

export interface EpmAnswer {
  readonly links: unknown;
  readonly status: number | string;
  readonly error: { readonly errorcode: string; readonly errormessage: string } | null;
  readonly details: {
    readonly processed: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly faileditems: readonly { userlogin: string; errorcode: string; errormessage: string }[] | null;
  } | null;
}

export interface EpmUserShown {
  readonly userlogin: string;
  readonly firstname: string;
  readonly lastname: string;
  readonly email: string;
  readonly [list: string]: unknown;
}

export interface Line {
  readonly seq: number;
  readonly at: string;
  readonly op: string;
  readonly key: string;
  readonly subject: string | null;
  readonly status: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** A folder of its own, one sandbox at a time in it, and the vendor's calls. */
export class EpmWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-epm-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  #running: RunningSandbox | null = null;

  async start(
    world: { users?: unknown; faults?: unknown; options?: Partial<SandboxOptions> } = {},
  ): Promise<void> {
    await this.#running?.close();
    this.#running = await startSandbox({
      provider: 'oracle-epm',
      port: 0,
      users: world.users === undefined ? null : this.file('users.json', JSON.stringify(world.users)),
      journal: this.journalPath,
      faults: world.faults === undefined ? null : this.file('faults.json', JSON.stringify(world.faults)),
      ratePerSecond: null,
      ...world.options,
    });
  }

  get baseUrl(): string {
    if (this.#running === null) {
      throw new Error('the sandbox was not started');
    }
    return this.#running.baseUrl;
  }

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** A call with the right credentials and media type; `path` after `/interop/rest/security`. */
  fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.baseUrl}/interop/rest/security${path}`, {
      method,
      headers: { Authorization: basic('admin', 'sandbox'), 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async call(method: string, path: string, body?: unknown): Promise<EpmAnswer> {
    const response = await this.fetch(method, path, body);
    if (response.status !== 200) {
      throw new Error(`HTTP ${response.status}`);
    }
    return (await response.json()) as EpmAnswer;
  }

  add(...users: readonly object[]): Promise<EpmAnswer> {
    return this.call('POST', '/v2/users/add', { users });
  }

  update(...users: readonly object[]): Promise<EpmAnswer> {
    return this.call('PUT', '/v2/users/update', { users });
  }

  remove(...logins: readonly string[]): Promise<EpmAnswer> {
    return this.call('POST', '/v2/users/remove', { users: named(logins) });
  }

  assign(rolename: string, ...logins: readonly string[]): Promise<EpmAnswer> {
    return this.call('PUT', '/v2/role/assign/user', { rolename, users: named(logins) });
  }

  unassign(rolename: string, ...logins: readonly string[]): Promise<EpmAnswer> {
    return this.call('PUT', '/v2/role/unassign/user', { rolename, users: named(logins) });
  }

  join(groupname: string, ...logins: readonly string[]): Promise<EpmAnswer> {
    return this.call('PUT', '/v2/groups/adduserstogroup', { groupname, users: named(logins) });
  }

  leave(groupname: string, ...logins: readonly string[]): Promise<EpmAnswer> {
    return this.call('PUT', '/v2/groups/removeusersfromgroup', { groupname, users: named(logins) });
  }

  async list(query: object = {}): Promise<readonly EpmUserShown[]> {
    const answer = await this.call('POST', '/v1/users/list', query);
    return answer.details as unknown as readonly EpmUserShown[];
  }

  journal(): readonly Line[] {
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  async close(): Promise<void> {
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function named(logins: readonly string[]): readonly object[] {
  return logins.map((userlogin) => ({ userlogin }));
}

/** An invented person, as a users file or an add payload has it. */
export function person(userlogin: string, rest: object = {}): object {
  return { userlogin, firstname: 'Ada', lastname: 'Moreau', email: 'ada.moreau@example.com', ...rest };
}
