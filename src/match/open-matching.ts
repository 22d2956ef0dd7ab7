import { createHash } from 'node:crypto';
import type { StatementSync } from 'node:sqlite';
import { matchKeyOf } from '../domain/comparison.ts';
import type { Need, Operation } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import type { ExcludedRow, Person, QuarantinedRow } from '../domain/person.ts';
import type { Account, Attributes, User } from '../domain/user.ts';
import { type DepartedPeople, departedPeople } from './departed-people.ts';
import { findLookalikes, isAscii, skeletonOf } from './lookalikes.ts';
import type { AbsentPair, PersonPair, UserCounts } from './pair.ts';
import { pairPeople } from './pairing.ts';
import { changesInOrder, orderChanges, type OrderSettings, type PlannedNeed } from './order-changes.ts';
import type { RowRules } from './several-rows.ts';
import { type RecentPeople, recentPeople } from './recent-people.ts';
import {
  accountFrom,
  knownText,
  pages,
  personFrom,
  readRows,
  type StagedRow,
  stateText,
  userFrom,
} from './staged.ts';
import { openStaging } from './staging.ts';
import { valuesFreed } from './unique-values.ts';
import { createPersonIndexes, type SetAside, unitePeople } from './unite-people.ts';

/**
 * Finds for every person of the feed the user who is the same, in memory that does not grow with either side.
 * First everything is added (accounts, users, people), then `index` is called once, then pairs are read.
 */
export interface Matching {
  addPeople(people: readonly Person[]): void;
  /**
   * Rows that were set aside or ask for nothing: whoever they name is not absent.
   * @param feed position of their feed in the job; the first by default
   */
  addMentioned(rows: readonly (QuarantinedRow | ExcludedRow)[], feed?: number): void;
  addAccounts(accounts: readonly Account[]): void;
  /** Users as the target lists them now. */
  addUsers(users: readonly User[]): void;
  /** Takes what the ledger knows for the users of the target. */
  takeAccountsAsUsers(): void;
  /** Listed users whom the ledger knows, completed by what the provider says that lists never show. */
  completeListed(listed: (user: User, known: User) => User): void;
  /** Linked accounts, and disabled ones of a scope, that the target did not list, completed by what the provider says that means. */
  completeUnlisted(unlisted: (user: User) => User): void;
  /** Everybody named by a person or a linked account whom no list showed, once: whom to look up. */
  sought(): Generator<readonly { readonly userId: string | null; readonly attributes: Attributes }[]>;
  /** Keeps each user once: two look-ups may find the same one, after a rename for instance. */
  dropRepeatedUsers(): void;
  index(): void;
  /** Makes one person of several rows, or takes them out of the people and gives them; once, after `index`. */
  unitePeople(): Generator<SetAside>;
  people(): Generator<PersonPair>;
  /**
   * Says which users are managed, linked or not; once, after `index`. Without it those are who are linked to a person,
   * or are found to be one.
   */
  declareScope(isInScope: (user: User) => boolean): void;
  /** Linked users whom no feed names; with a declared scope, all its users whom none names. */
  absent(): Generator<AbsentPair>;
  /** The user of the person with this lasting id, and whether the feed names that person; after `index`. */
  referred(linkKey: string): { readonly user: User | null; readonly inFeed: boolean };
  /** A user by the target's id, and what the ledger remembers of it; after `index`. */
  known(userId: string): { readonly user: User | null; readonly account: Account | null };
  counts(): UserCounts;
  /** True when a row was set aside whose person cannot be told: then nobody's absence means anything. */
  hasUnreadableIdentity(): boolean;
  /** Positions of the feeds with such a row. */
  unreadableFeeds(): ReadonlySet<number>;
  /** SHA-256 over all users in the order of their ids. */
  stateSha256(): string;
  /** Accounts of users that differ from what the ledger remembers of them, with their values as they are now. */
  unremembered(): Generator<readonly Account[]>;
  /** Ids of accounts that a complete list no longer shows. */
  gone(): Generator<readonly string[]>;
  remember(account: Account): void;
  remembered(): Generator<readonly Account[]>;
  addChange(planned: PlannedNeed): void;
  /** Settles which changes wait for others; once, after the last was added. */
  orderChanges(settings: OrderSettings): void;
  /** Whom earlier runs have written lately. */
  readonly recent: RecentPeople;
  /** Whom they removed. */
  readonly departed: DepartedPeople;
  /** In the order of a plan: wave by wave, then by operation, then by line, then by key. */
  changes(): Generator<PlannedNeed>;
  close(): void;
}

/** What frees logins and licences goes first; what takes them comes last. */
const planOrder: Readonly<Record<Operation, number>> = {
  remove: 0,
  disable: 1,
  update: 2,
  enable: 3,
  create: 4,
};

/** An account that others disabled is listed before all else: nothing is sent for it, and somebody has to look. */
const elsewhereRank = -1;

function rankOf({ operation, conflict }: Need): number {
  return conflict?.code === 'DISABLED_ELSEWHERE' ? elsewhereRank : planOrder[operation];
}

/** What the ledger remembers of a user whom it has just met. */
const stranger = { linkKey: null, key: null, disabled: null, leaverSince: null, absent: null };

/** Accounts that are linked, or that this job disabled as nobody's of a declared scope. */
const isOurs = "(link_key IS NOT NULL OR json_extract(known, '$.disabled') IS NOT NULL)";

/** Feeds of rows that name nobody, neither by lasting id nor by the login of a user who is linked. */
const unreadable = `
  SELECT DISTINCT m.feed FROM mentioned m WHERE m.set_aside = 1 AND m.link_key IS NULL AND NOT EXISTS
    (SELECT 1 FROM user u JOIN account a ON a.user_id = u.user_id
     WHERE a.link_key IS NOT NULL AND u.match_key = m.match_key)`;

/**
 * @param folder where the scratch file may lie: it belongs to this run alone, and is deleted before and after
 */
export function openMatching(folder: string, rules: RowRules): Matching {
  const staging = openStaging(folder);
  const { database } = staging;
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const read = <Row extends StagedRow>(sql: string): Iterable<Row> => readRows<Row>(database, sql);
  const insertPerson = prepare('INSERT INTO person VALUES (?, ?, ?, ?, ?)');
  const insertMentioned = prepare('INSERT INTO mentioned VALUES (?, ?, ?, ?)');
  const insertUnusualKey = prepare('INSERT INTO unusual_key VALUES (?, ?)');
  const insertAccount = prepare('INSERT INTO account VALUES (?, ?, ?, ?, ?)');
  const insertUser = prepare('INSERT INTO user VALUES (?, ?, ?, ?)');
  const updateState = prepare('UPDATE user SET state = ? WHERE rowid = ?');
  const insertMemory = prepare('INSERT OR REPLACE INTO memory VALUES (?, ?)');
  const insertFreed = prepare('INSERT INTO freed VALUES (?, ?, ?)');
  const insertChange = prepare('INSERT INTO change (rank, line, key, body) VALUES (?, ?, ?, ?)');

  const selectLinked = prepare(`
    SELECT u.user_id AS id, u.state FROM account a CROSS JOIN user u ON u.user_id = a.user_id
    WHERE a.link_key = ?`);
  const selectMatched = prepare(`
    SELECT u.user_id AS id, u.state FROM person p LEFT JOIN user u ON u.match_key = p.match_key
    WHERE p.link_key = ?`);

  const selectUser = prepare('SELECT state FROM user WHERE user_id = ?');
  const selectAccount = prepare('SELECT known, state FROM account WHERE user_id = ?');

  /** Linked accounts that were known to be left out of the list: nothing is wrong when it does not show them. */
  let leftOut = 0;
  let isScopeDeclared = false;

  const keyOf = (attributes: Attributes): string | null =>
    matchKeyOf(attributes, rules.match, rules.attributes);
  const noteKey = (matchKey: string | null): string | null => {
    if (matchKey !== null && !isAscii(matchKey)) insertUnusualKey.run(matchKey, skeletonOf(matchKey));
    return matchKey;
  };
  const addUser = (user: User, listed: boolean): void => {
    insertUser.run(user.id, noteKey(keyOf(user.attributes)), listed ? 1 : 0, stateText(user));
  };

  return {
    recent: recentPeople(database),
    departed: departedPeople(database),
    addPeople: (people) => {
      for (const person of people) {
        const { feed = 0, linkKey, matchKey } = person;
        insertPerson.run(lineOf(person), feed, linkKey, noteKey(matchKey), JSON.stringify(person));
      }
    },
    addMentioned: (rows, feed = 0) => {
      for (const row of rows) insertMentioned.run(row.linkKey, row.matchKey, feed, 'code' in row ? 1 : 0);
    },
    addAccounts: (accounts) => {
      for (const account of accounts) {
        const { id, linkKey, attributes } = account;
        insertAccount.run(id, linkKey, noteKey(keyOf(attributes)), stateText(account), knownText(account));
      }
    },
    addUsers: (users) => {
      for (const user of users) addUser(user, true);
    },
    takeAccountsAsUsers: () =>
      database.exec('INSERT INTO user SELECT user_id, match_key, 1, state FROM account ORDER BY user_id'),
    completeListed: (listed) => {
      database.exec('CREATE INDEX user_by_id ON user (user_id)');
      const both = read<[row: number, id: string, state: string, known: string]>(`
        SELECT u.rowid, u.user_id, u.state, a.state
        FROM account a CROSS JOIN user u ON u.user_id = a.user_id ORDER BY u.rowid`);
      for (const [row, id, state, known] of both) {
        const completed = stateText(listed(userFrom(id, state), userFrom(id, known)));
        if (completed !== state) updateState.run(completed, row);
      }
      database.exec('DROP INDEX user_by_id');
    },
    completeUnlisted: (unlisted) => {
      database.exec('CREATE INDEX user_by_id ON user (user_id)');
      const missing = read<[id: string, state: string, isLinked: number]>(`
        SELECT user_id, state, link_key IS NOT NULL FROM account WHERE ${isOurs}
        AND NOT EXISTS (SELECT 1 FROM user WHERE user.user_id = account.user_id) ORDER BY user_id`);
      // Those already written are not read again: the statement looks at accounts only, and each once.
      for (const page of pages(missing)) {
        for (const [id, state, isLinked] of page) {
          const user = unlisted(userFrom(id, state));
          if (stateText(user) === state) leftOut += isLinked;
          addUser(user, false);
        }
      }
      database.exec('DROP INDEX user_by_id');
    },
    sought: function* () {
      database.exec(`
        CREATE INDEX account_by_link ON account (link_key);
        CREATE INDEX account_by_match ON account (match_key);
        CREATE INDEX user_by_id ON user (user_id);
        CREATE INDEX user_by_match ON user (match_key);`);
      const accounts = read<[id: string, state: string]>(`
        SELECT user_id, state FROM account a WHERE ${isOurs}
          AND NOT EXISTS (SELECT 1 FROM user u WHERE u.user_id = a.user_id) ORDER BY user_id`);
      for (const page of pages(accounts)) {
        yield page.map(([id, state]) => ({ userId: id, attributes: userFrom(id, state).attributes }));
      }
      const people = read<[body: string]>(`
        SELECT body FROM person p
        WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.link_key = p.link_key)
          AND NOT EXISTS (SELECT 1 FROM account a WHERE a.link_key IS NOT NULL AND a.match_key = p.match_key)
          AND NOT EXISTS (SELECT 1 FROM user u WHERE u.match_key = p.match_key)
        GROUP BY match_key ORDER BY min(rowid)`);
      for (const page of pages(people)) {
        yield page.map(([body]) => ({ userId: null, attributes: personFrom(body).attributes }));
      }
      database.exec('DROP INDEX user_by_id; DROP INDEX user_by_match;');
    },
    dropRepeatedUsers: () => {
      database.exec(`
        CREATE INDEX user_by_id ON user (user_id);
        DELETE FROM user WHERE EXISTS
          (SELECT 1 FROM user earlier WHERE earlier.user_id = user.user_id AND earlier.rowid < user.rowid);
        DROP INDEX user_by_id;`);
    },
    index: () => {
      try {
        database.exec('CREATE UNIQUE INDEX user_by_id ON user (user_id)');
      } catch (cause) {
        if (!isConstraint(cause)) throw cause;
        throw new Failure({
          code: 'TARGET_LISTS_TWICE',
          message: 'The target listed one user twice, so its answer cannot be trusted.',
          hint: 'Run again; if it stays so, ask the vendor: two users must not share one id.',
          exit: 1,
          cause,
        });
      }
      database.exec(`
        CREATE INDEX user_by_match ON user (match_key);
        CREATE UNIQUE INDEX account_by_id ON account (user_id);
        CREATE INDEX IF NOT EXISTS account_by_link ON account (link_key);
        ${createPersonIndexes}
        CREATE INDEX mentioned_by_link ON mentioned (link_key);
        CREATE INDEX mentioned_by_match ON mentioned (match_key);
      `);
    },
    unitePeople: () => unitePeople(database, rules),
    people: function* () {
      findLookalikes(database);
      yield* pairPeople(database, rules.match);
    },
    absent: function* () {
      const rows = read<[id: string, known: string, knownState: string, state: string]>(`
        SELECT a.user_id, a.known, a.state, u.state FROM account a CROSS JOIN user u ON u.user_id = a.user_id
        WHERE a.link_key IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM person p WHERE p.link_key = a.link_key)
          AND NOT EXISTS (SELECT 1 FROM person p WHERE p.match_key = u.match_key)
          AND NOT EXISTS (SELECT 1 FROM mentioned m WHERE m.link_key = a.link_key)
          AND NOT EXISTS (SELECT 1 FROM mentioned m WHERE m.match_key = u.match_key)
        ORDER BY a.user_id`);
      for (const [id, known, knownState, state] of rows) {
        const account = accountFrom(userFrom(id, knownState), known);
        yield { kind: 'absent', account, user: userFrom(id, state) };
      }
      if (!isScopeDeclared) return;
      const strangers = read<[id: string, state: string, known: string | null, knownState: string | null]>(`
        SELECT u.user_id, u.state, a.known, a.state FROM scoped s CROSS JOIN user u ON u.rowid = s.user
        LEFT JOIN account a ON a.user_id = u.user_id
        WHERE a.link_key IS NULL AND u.listed = 1
          AND NOT EXISTS (SELECT 1 FROM person p WHERE p.match_key = u.match_key)
          AND NOT EXISTS (SELECT 1 FROM mentioned m WHERE m.match_key = u.match_key)
        ORDER BY s.user`);
      for (const [id, state, known, knownState] of strangers) {
        const user = userFrom(id, state);
        const account =
          known === null || knownState === null
            ? { ...user, ...stranger }
            : accountFrom(userFrom(id, knownState), known);
        yield { kind: 'absent', account, user };
      }
    },
    declareScope: (isInScope) => {
      database.exec('CREATE TABLE scoped (user INTEGER PRIMARY KEY)');
      const insert = prepare('INSERT INTO scoped VALUES (?)');
      const users = read<[row: number, id: string, state: string]>(
        'SELECT rowid, user_id, state FROM user ORDER BY rowid',
      );
      for (const [row, id, state] of users) if (isInScope(userFrom(id, state))) insert.run(row);
      isScopeDeclared = true;
    },
    referred: (linkKey) => {
      const matched = selectMatched.get(linkKey);
      const { id, state } = selectLinked.get(linkKey) ?? matched ?? {};
      const user = typeof id === 'string' && typeof state === 'string' ? userFrom(id, state) : null;
      return { user, inFeed: matched !== undefined };
    },
    known: (userId) => {
      const { state } = selectUser.get(userId) ?? {};
      const account = selectAccount.get(userId);
      return {
        user: typeof state === 'string' ? userFrom(userId, state) : null,
        account:
          account === undefined
            ? null
            : accountFrom(userFrom(userId, String(account.state)), String(account.known)),
      };
    },
    counts: () => {
      const users = count('SELECT count(*) AS n FROM user');
      const total = count('SELECT count(*) AS n FROM user WHERE listed = 1');
      const linked = count(`
        SELECT count(*) AS n FROM account a CROSS JOIN user u ON u.user_id = a.user_id
        WHERE a.link_key IS NOT NULL`);
      const matched = count(`
        SELECT count(DISTINCT u.user_id) AS n FROM user u
        LEFT JOIN account a ON a.user_id = u.user_id
        CROSS JOIN person p ON p.match_key = u.match_key
        WHERE a.link_key IS NULL AND NOT EXISTS
          (SELECT 1 FROM account o CROSS JOIN user ou ON ou.user_id = o.user_id WHERE o.link_key = p.link_key)`);
      const shown = count(`
        SELECT count(*) AS n FROM account a CROSS JOIN user u ON u.user_id = a.user_id
        WHERE a.link_key IS NOT NULL AND u.listed = 1`);
      const linkedBefore = count('SELECT count(*) AS n FROM account WHERE link_key IS NOT NULL');
      const managed = isScopeDeclared ? count('SELECT count(*) AS n FROM scoped') : linked + matched;
      return {
        total,
        linkedBefore,
        expected: linkedBefore - leftOut,
        shown,
        managed,
        unmanaged: users - managed,
      };
    },
    hasUnreadableIdentity: () => count(`SELECT count(*) AS n FROM (${unreadable} LIMIT 1)`) > 0,
    unreadableFeeds: () => new Set([...read<[feed: number]>(unreadable)].map(([feed]) => feed)),
    stateSha256: () => {
      const hash = createHash('sha256');
      const users = read<[id: string, state: string]>('SELECT user_id, state FROM user ORDER BY user_id');
      for (const [id, state] of users) hash.update(`${id}\t${state}\n`);
      return hash.digest('hex');
    },
    unremembered: function* () {
      const rows = read<[id: string, state: string, known: string | null]>(`
        SELECT u.user_id, u.state, a.known FROM user u LEFT JOIN account a ON a.user_id = u.user_id
        WHERE u.listed = 1 AND (a.state IS NULL OR a.state <> u.state) ORDER BY u.user_id`);
      for (const page of pages(rows)) {
        yield page.map(([id, state, known]) => {
          const user = userFrom(id, state);
          return known === null ? { ...user, ...stranger } : accountFrom(user, known);
        });
      }
    },
    gone: function* () {
      const rows = read<[id: string]>(`
        SELECT user_id FROM account a WHERE NOT EXISTS (SELECT 1 FROM user u WHERE u.user_id = a.user_id)
        ORDER BY user_id`);
      for (const page of pages(rows)) yield page.map(([id]) => id);
    },
    remember: (account) => insertMemory.run(account.id, JSON.stringify(account)),
    remembered: function* () {
      for (const page of pages(read<[body: string]>('SELECT body FROM memory ORDER BY user_id'))) {
        yield page.map(([body]) => JSON.parse(body) as Account);
      }
    },
    addChange: (planned) => {
      const { need } = planned;
      const line = need.rows[0]?.line ?? 0;
      const { lastInsertRowid } = insertChange.run(rankOf(need), line, need.key, JSON.stringify(planned));
      for (const { attribute, value } of valuesFreed(need, rules.attributes)) {
        insertFreed.run(lastInsertRowid, attribute, value);
      }
    },
    orderChanges: (settings) => orderChanges(database, rules.attributes, settings),
    changes: () => changesInOrder(database),
    close: () => {
      if (!database.isOpen) return;
      staging.close();
    },
  };

  function count(sql: string): number {
    return Number(prepare(sql).get()?.n ?? 0);
  }
}

/** `SQLITE_CONSTRAINT`: two rows have what only one may have. */
const sqliteConstraint = 19;

function isConstraint(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  return (error.errcode & 0xff) === sqliteConstraint;
}

function lineOf(person: Person): number {
  return person.rows[0]?.line ?? 0;
}
