import type { DatabaseSync } from 'node:sqlite';
import type { Reason } from '../domain/change.ts';
import type { Person } from '../domain/person.ts';
import type { Account } from '../domain/user.ts';
import type { PersonPair } from './pair.ts';
import { accountFrom, personFrom, readRows, userFrom } from './staged.ts';

/*
 * Two ordered reads and a merge: one by one, a million people would be looked up in three tables each. The people
 * come in the order of the feed, and so do their users once the disk has sorted them. What finds the order are
 * keys alone, in indexes that are small beside the tables.
 *
 * A link counts first. By match key only those are found whose link leads to no user of the target.
 */
const usersOfPeople = `
  SELECT p.rowid, 'link', u.user_id, u.state, a.known, nullif(a.state, u.state)
  FROM account a
  CROSS JOIN user u ON u.user_id = a.user_id
  CROSS JOIN person p ON p.link_key = a.link_key
  UNION ALL
  SELECT p.rowid, 'matchKey', u.user_id, u.state, a.known, nullif(a.state, u.state)
  FROM user u
  LEFT JOIN account a ON a.user_id = u.user_id
  CROSS JOIN person p ON p.match_key = u.match_key
  WHERE a.link_key IS NOT p.link_key
    AND NOT EXISTS (
      SELECT 1 FROM account l CROSS JOIN user theirs ON theirs.user_id = l.user_id WHERE l.link_key = p.link_key)
  ORDER BY 1, 3`;

type FoundUser = readonly [
  person: number,
  by: 'link' | 'matchKey',
  id: string,
  state: string,
  known: string | null,
  /** Null when the ledger remembers the very state that the user has. */
  knownState: string | null,
];

/**
 * Every person of the feed, in its order, beside the user who is the same.
 * @param match the match attributes, for messages
 */
export function* pairPeople(database: DatabaseSync, match: readonly string[]): Generator<PersonPair> {
  const people = readRows<[row: number, body: string]>(
    database,
    'SELECT rowid, body FROM person ORDER BY rowid',
  );
  const users = readRows<FoundUser>(database, usersOfPeople)[Symbol.iterator]();
  let next = users.next();
  const lookalikes = readRows<[person: number]>(database, 'SELECT person FROM lookalike ORDER BY person')[
    Symbol.iterator
  ]();
  let lookalike = lookalikes.next();
  for (const [row, body] of people) {
    const found: FoundUser[] = [];
    for (; next.done !== true && next.value[0] === row; next = users.next()) found.push(next.value);
    const looksAlike = lookalike.done !== true && lookalike.value[0] === row;
    if (looksAlike) lookalike = lookalikes.next();
    const person = personFrom(body);
    if (found.length > 0) yield pairOf(person, found);
    else yield withoutUser(person, looksAlike ? lookalikeOf(match) : null);
  }
}

function withoutUser(person: Person, lookalike: Reason | null): PersonPair {
  const pair = { kind: 'person', person, account: null, user: null, by: null, conflict: null } as const;
  return lookalike === null ? pair : { ...pair, lookalike };
}

function lookalikeOf(match: readonly string[]): Reason {
  return {
    code: 'LOOKALIKE_KEY',
    message:
      `The ${match.join(', ')} looks like that of another user or person, and is written with other characters, such ` +
      'as letters of another script. Correct it if it is the same person; create the user by hand if it is not.',
  };
}

function pairOf(person: Person, [found, ...others]: readonly FoundUser[]): PersonPair {
  if (found === undefined) return withoutUser(person, null);
  const [, by, id, state, known, knownState] = found;
  const user = userFrom(id, state);
  const remembered = knownState === null ? user : userFrom(id, knownState);
  const account = known === null ? null : accountFrom(remembered, known);
  const conflict = by === 'link' ? null : conflictOf(person, account, others.length > 0);
  return { kind: 'person', person, account, user, by, conflict };
}

/** @param several whether the target has several users with this match key */
function conflictOf(person: Person, account: Account | null, several: boolean): PersonPair['conflict'] {
  if (several) {
    return {
      code: 'AMBIGUOUS_MATCH',
      message: 'Several users of the target have this match key. Match by an attribute that is unique there.',
    };
  }
  if (account?.linkKey != null && account.linkKey !== person.linkKey) {
    return {
      code: 'LOGIN_TAKEN',
      message:
        'The login belongs to a user who is linked to another lasting id. If it is the same person, give the row ' +
        'the old id; if it is somebody else, give a new login.',
    };
  }
  return null;
}
