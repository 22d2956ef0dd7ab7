import type { Ledger } from '../contracts/ledger.ts';
import type { Account, Attributes } from '../domain/user.ts';
import type { Connection } from './connection.ts';
import { pages } from './pages.ts';
import type { ScopeIds } from './scopes.ts';

/**
 * There are as many accounts as people, and V8 keeps until the next full collection what it takes for long-lived:
 * what lived a hundred times over when it looked (measured on Node 24). So few at a time need less memory than many.
 */
const accountsAtOnce = 64;

interface AccountRow {
  readonly user_id: string;
  readonly active: number;
  readonly attributes: string;
  readonly link_key: string | null;
  readonly key: string | null;
  readonly disabled: string | null;
  readonly leaver_since: string | null;
  readonly absent: string | null;
  readonly feed: string | null;
  readonly more: string | null;
}

export interface AccountWriter {
  /** Adds or replaces one account; belongs inside a transaction. */
  save(scopeId: number, account: Account): void;
  forget(scopeId: number, userId: string): void;
}

/** What the ledger remembers of the target's users. */
export function accountEntries(
  connection: Connection,
  scopes: ScopeIds,
): Pick<Ledger, 'accounts' | 'accountsById' | 'saveAccounts' | 'forgetAccounts'> {
  const writer = accountWriter(connection);
  const columns = 'user_id, active, attributes, link_key, key, disabled, leaver_since, absent, feed, more';
  const select = connection.query<AccountRow>(
    `SELECT ${columns} FROM accounts WHERE scope_id = ? AND user_id > ? ORDER BY user_id LIMIT ${accountsAtOnce}`,
  );
  const selectSome = connection.query<AccountRow>(
    `SELECT ${columns} FROM accounts WHERE scope_id = ? AND user_id IN (SELECT value FROM json_each(?))`,
  );

  return {
    async *accounts(scope) {
      const scopeId = scopes.find(scope);
      if (scopeId === null) return;
      const read = (last: AccountRow | null) => select.all(scopeId, last?.user_id ?? '');
      for await (const page of pages(read, accountsAtOnce)) yield page.map(accountOf);
    },
    async accountsById(scope, userIds) {
      const scopeId = scopes.find(scope);
      if (scopeId === null) return new Map();
      const rows = selectSome.all(scopeId, JSON.stringify(userIds));
      return new Map(rows.map((row) => [row.user_id, accountOf(row)]));
    },
    async saveAccounts(scope, accounts) {
      const scopeId = scopes.idOf(scope);
      connection.transaction(() => {
        for (const account of accounts) writer.save(scopeId, account);
      });
    },
    async forgetAccounts(scope, userIds) {
      const scopeId = scopes.idOf(scope);
      connection.transaction(() => {
        for (const userId of userIds) writer.forget(scopeId, userId);
      });
    },
  };
}

/** The statements that write single accounts, for whoever has a transaction open. */
export function accountWriter(connection: Connection): AccountWriter {
  const upsert = connection.command(
    `INSERT INTO accounts
       (scope_id, user_id, active, attributes, link_key, key, disabled, leaver_since, absent, feed, more)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (scope_id, user_id) DO UPDATE SET
       active = excluded.active, attributes = excluded.attributes, link_key = excluded.link_key,
       key = excluded.key, disabled = excluded.disabled, leaver_since = excluded.leaver_since,
       absent = excluded.absent, feed = excluded.feed, more = excluded.more`,
  );
  const remove = connection.command('DELETE FROM accounts WHERE scope_id = ? AND user_id = ?');

  return {
    save(scopeId, account) {
      upsert.run(
        scopeId,
        account.id,
        account.active ? 1 : 0,
        JSON.stringify(account.attributes),
        account.linkKey,
        account.key,
        account.disabled === null ? null : JSON.stringify(account.disabled),
        account.leaverSince,
        account.absent === null ? null : JSON.stringify(account.absent),
        account.feed ?? null,
        moreOf(account),
      );
    },
    forget(scopeId, userId) {
      remove.run(scopeId, userId);
    },
  };
}

function accountOf(row: AccountRow): Account {
  return {
    id: row.user_id,
    active: row.active === 1,
    attributes: JSON.parse(row.attributes) as Attributes,
    linkKey: row.link_key,
    key: row.key,
    disabled: row.disabled === null ? null : (JSON.parse(row.disabled) as Account['disabled']),
    leaverSince: row.leaver_since,
    absent: row.absent === null ? null : (JSON.parse(row.absent) as Account['absent']),
    ...(row.feed === null ? {} : { feed: row.feed }),
    ...(row.more === null ? {} : (JSON.parse(row.more) as More)),
  };
}

/** What most accounts do not have. */
type More = Pick<Account, 'agreed' | 'written'>;

function moreOf({ agreed, written }: Account): string | null {
  if (agreed === undefined && written === undefined) return null;
  return JSON.stringify({ agreed, written } satisfies Partial<Record<keyof More, unknown>>);
}
