import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';

export interface Line {
  readonly seq: number;
  readonly op: string;
  readonly key: string;
  readonly subject: string | null;
  readonly status: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export const viewer = {
  name: 'Report Viewer',
  description: 'Report Viewer of the sandbox',
  internal: false,
  privileges: [{ name: 'REPORT_READ', description: 'May report read' }],
};

/** A folder of its own, one sandbox at a time in it, and the vendor's calls. */
export class PortalWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-portal-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  #running: RunningSandbox | null = null;

  async start(world: { users?: unknown; faults?: unknown } = {}): Promise<void> {
    await this.#running?.close();
    this.#running = await startSandbox({
      provider: 'vikingcloud',
      port: 0,
      users: world.users === undefined ? null : this.file('users.json', world.users),
      journal: this.journalPath,
      faults: world.faults === undefined ? null : this.file('faults.json', world.faults),
      ratePerSecond: null,
    });
  }

  file(name: string, content: unknown): string {
    const path = join(this.folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.#running?.baseUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-auth-token': 'sandbox', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async call(method: string, body: unknown, path = '/user-service/v1/user'): Promise<Answer> {
    const response = await this.fetch(method, path, body);
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  create(username: string, more: object = {}): Promise<Answer> {
    const userKey = { username, authenticator: 'portal' };
    return this.call('PUT', { userKey, enabled: true, allRoles: [], allPrivileges: [], ...more });
  }

  update(username: string, more: object = {}): Promise<Answer> {
    const userKey = { username, authenticator: 'portal' };
    return this.call('POST', { userKey, allRoles: [], allPrivileges: [], ...more });
  }

  patch(username: string, updates: unknown, more: object = {}): Promise<Answer> {
    return this.call('PATCH', { username, authenticator: 'portal', updates, ...more });
  }

  async search(criteria: object = {}): Promise<Answer['body'][]> {
    const required = { orgIds: [], roles: [], privileges: [], privilegeRoles: [], authenticators: [] };
    const answer = await this.call('POST', { ...required, ...criteria }, '/user-service/v1/user/search');
    return answer.body as unknown as Answer['body'][];
  }

  async names(criteria: object): Promise<readonly string[]> {
    const found = await this.search(criteria);
    return found.map(({ userKey }) => (userKey as { username: string }).username);
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
