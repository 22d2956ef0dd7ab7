import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type RunningSandbox,
  type SandboxOptions,
  startSandbox,
} from '../../../src/sandboxes/start-sandbox.ts';

export const urns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  bulk: 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
} as const;

/** What the tests look into of a resource, a list, a bulk answer or an error; beside it whatever else came. */
export interface Body {
  readonly [attribute: string]: unknown;
  readonly id: string;
  readonly scimType: string;
  readonly totalResults: number;
  readonly nextCursor: string;
  readonly Resources: readonly Body[];
  readonly Operations: readonly Body[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The answer as JSON; empty when it is none. */
  readonly body: Body;
}

/** A folder of its own, and one SCIM sandbox at a time in it. */
export class ScimWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-scim-sandbox-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  #running: RunningSandbox | null = null;

  static async open(world: Parameters<ScimWorld['start']>[0] = {}): Promise<ScimWorld> {
    const opened = new ScimWorld();
    await opened.start(world);
    return opened;
  }

  async start(world: {
    users?: unknown;
    faults?: object[];
    options?: Partial<SandboxOptions>;
  }): Promise<void> {
    await this.#running?.close();
    this.#running = await startSandbox({
      provider: 'scim',
      port: 0,
      users: world.users === undefined ? null : this.file('users.json', JSON.stringify(world.users)),
      journal: this.journalPath,
      faults: this.file('faults.json', JSON.stringify({ rules: world.faults ?? [] })),
      ratePerSecond: null,
      ...world.options,
    });
  }

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await fetch(`${this.#running?.baseUrl}${path}`, {
      method,
      headers: { authorization: 'Bearer sandbox', 'content-type': 'application/scim+json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: answer.status, headers: answer.headers, body: JSON.parse(json ? text : '{}') as Body };
  }

  create(userName: string, more: object = {}): Promise<Answer> {
    return this.call('POST', '/Users', { schemas: [urns.user], userName, ...more });
  }

  patch(path: string, ...operations: readonly object[]): Promise<Answer> {
    return this.call('PATCH', path, { schemas: [urns.patch], Operations: operations });
  }

  journal(): readonly { op: string; key: string; subject: string | null; status: string; after: unknown }[] {
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
