import type { DatabaseSync } from 'node:sqlite';
import type { Departed } from '../contracts/ledger.ts';

/** Whom this job removed before, by person and by login. */
export interface DepartedPeople {
  /** @param fold the form in which logins are compared */
  add(people: readonly Departed[], fold: (login: string) => string): void;
  has(linkKey: string): boolean;
  /** When a user with this login, folded, was last removed who was not this person's; null when none was. */
  loginOfAnother(login: string, linkKey: string): string | null;
}

/** Keeps them in the scratch file of the run. */
export function departedPeople(database: DatabaseSync): DepartedPeople {
  database.exec(`
    CREATE TABLE departed (link_key TEXT NOT NULL, login TEXT, at TEXT NOT NULL);
    CREATE INDEX departed_by_link ON departed (link_key);
    CREATE INDEX departed_by_login ON departed (login);`);
  const insert = database.prepare('INSERT INTO departed VALUES (?, ?, ?)');
  const selectPerson = database.prepare('SELECT 1 FROM departed WHERE link_key = ? LIMIT 1');
  const selectLogin = database.prepare(
    'SELECT max(at) AS at FROM departed WHERE login = ? AND link_key <> ?',
  );
  let isEmpty = true;
  return {
    add: (people, fold) => {
      for (const { linkKey, login, at } of people)
        insert.run(linkKey, login === null ? null : fold(login), at);
      isEmpty &&= people.length === 0;
    },
    has: (linkKey) => !isEmpty && selectPerson.get(linkKey) !== undefined,
    loginOfAnother: (login, linkKey) => {
      if (isEmpty) return null;
      const at = selectLogin.get(login, linkKey)?.at;
      return typeof at === 'string' ? at : null;
    },
  };
}
