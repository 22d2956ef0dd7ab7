import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { FaultSubject, RequestFaults } from './fault-book.ts';
import type { Journal, JournalLine } from './journal.ts';
import type { UsersFile } from './users-file.ts';

/** The account that may call the sandbox. */
export interface SandboxAccount {
  readonly username: string;
  /** With Bearer authentication, the token. */
  readonly password: string;
}

/** What one vendor's sandbox says of itself. */
export interface Sandbox {
  /** The provider's id. */
  readonly id: string;
  readonly account: SandboxAccount;
  /** The words that a fault rule's `op` may have. */
  readonly operations: readonly string[];
  /** The header of the vendor's CSV of users, by the attribute that each column becomes. */
  readonly csvColumns: Readonly<Record<string, string>>;
  /** Which operation on whom a request is, for fault rules; judges nothing. */
  describe(request: SeenRequest): Pick<FaultSubject, 'op' | 'users'>;
  open(world: SandboxWorld): Promise<OpenSandbox>;
}

export interface SandboxWorld {
  readonly account: SandboxAccount;
  readonly users: UsersFile | null;
  readonly journal: Journal;
}

export interface OpenSandbox {
  readonly app: SandboxApp;
  /** Takes up a write that an earlier sandbox with the same journal accepted. */
  recall(line: JournalLine): void;
}

export interface SeenRequest {
  readonly method: string;
  /** With whatever prefix the caller put before the vendor's own path. */
  readonly path: string;
  /** The body as JSON; undefined when it is not JSON, or empty. */
  readonly json: unknown;
}

/** What the shared front hands to a vendor's app besides the request, whose body it has read. */
export type SandboxBindings = HttpBindings & {
  readonly seen: SeenRequest;
  readonly body: string;
  readonly faults: RequestFaults;
};

export type SandboxApp = Hono<{ Bindings: SandboxBindings }>;
