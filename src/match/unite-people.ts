import type { DatabaseSync } from 'node:sqlite';
import type { DuplicateRow, Person, QuarantinedRow } from '../domain/person.ts';
import {
  type NoneOfSeveral,
  namedTwice,
  type OneOfSeveral,
  oneOfSeveral,
  type RowRules,
} from './several-rows.ts';
import { pages, personFrom, readRows } from './staged.ts';

/** A person with more rows, or more text in them, is taken for a mistake: they are held in memory at once. */
export const rowsOfPersonMax = 10_000;
const charactersOfPersonMax = 8 * 1024 * 1024;
/** From here on it is faster to index the people anew than to take each out of the indexes. */
const takenOutOneByOneMax = 10_000;

/** Rows that are not taken. */
export interface SetAside {
  readonly quarantined: readonly QuarantinedRow[];
  readonly duplicates: readonly DuplicateRow[];
}

export const createPersonIndexes = `
  CREATE INDEX person_by_link ON person (link_key);
  CREATE INDEX person_by_match ON person (match_key, link_key);`;

/**
 * Makes one person of several rows where the job says how, and takes out of the people all others who are named twice.
 * Of several feeds, the first that names somebody counts. Who is also named by a row that was set aside, unless it is of
 * a later feed, is set aside too, for that row may be the one that counts. All rows taken out are mentions from then on,
 * so that nobody is absent because of them.
 *
 * To be called once, when the people are indexed.
 */
export function* unitePeople(database: DatabaseSync, rules: RowRules): Generator<SetAside> {
  database.exec(`
    CREATE TABLE several (link_key TEXT PRIMARY KEY, unsure INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE united (person INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE gone (person INTEGER PRIMARY KEY, mention INTEGER NOT NULL, set_aside INTEGER NOT NULL);
    INSERT INTO several
      SELECT p.link_key, 1 FROM mentioned m CROSS JOIN person p ON p.link_key = m.link_key
      WHERE m.set_aside = 1 GROUP BY p.link_key HAVING min(m.feed) <= min(p.feed);
    INSERT OR IGNORE INTO several
      SELECT link_key, 0 FROM person GROUP BY link_key HAVING count(*) > 1;`);
  yield* uniteRows(database, rules);
  takeOut(database);
  yield* setMatchKeysAside(database, rules);
  takeOut(database);
}

type StagedRow = readonly [person: number, linkKey: string, body: string, unsure: number];

/**
 * Sorts the rows by person, on disk: in a feed with a line per person and group, the rows of each lie all over the
 * file, and to find them one by one would take a read for each.
 */
function* uniteRows(database: DatabaseSync, rules: RowRules): Generator<SetAside> {
  const insertGone = database.prepare('INSERT INTO gone VALUES (?, ?, ?)');
  const insertUnited = database.prepare('INSERT INTO united VALUES (?, ?)');
  // The plus keeps SQLite from taking the order from an index, and with it the rows one by one.
  const rows = readRows<StagedRow>(
    database,
    `SELECT p.rowid, p.link_key, p.body, s.unsure FROM person p CROSS JOIN several s ON s.link_key = p.link_key
     ORDER BY +p.link_key, p.rowid`,
  );
  for (const { staged, trouble } of groupsOf(rows)) {
    const people = staged.map(([, , body]) => personFrom(body));
    const one = trouble ?? oneOfSeveral(people, rules);
    if (one.kind === 'none') {
      for (const [person] of staged) insertGone.run(person, 1, 1);
      yield { quarantined: people.flatMap((person) => quarantinedRows(person, one, rules)), duplicates: [] };
      continue;
    }
    const kept = people.indexOf(one.first);
    const losers = new Set(one.losers.map(({ person }) => person));
    for (const [index, person] of people.entries()) {
      const [row = 0] = staged[index] ?? [];
      if (index !== kept) insertGone.run(row, losers.has(person) ? 1 : 0, 0);
      else if (person !== one.person) insertUnited.run(row, JSON.stringify(one.person));
    }
    yield { quarantined: [], duplicates: duplicateRows(one, rules) };
  }
}

/** The rows of one person; `trouble` is why none is taken, whatever they say. */
interface Group {
  readonly linkKey: string;
  staged: StagedRow[];
  characters: number;
  trouble: NoneOfSeveral | null;
}

/** A group over the bound comes in several pieces, each with that trouble. */
function* groupsOf(rows: Iterable<StagedRow>): Generator<Group> {
  let group: Group | null = null as Group | null;
  for (const row of rows) {
    const [, linkKey, body, unsure] = row;
    if (group?.linkKey !== linkKey) {
      if (group !== null) yield group;
      group = { linkKey, staged: [], characters: 0, trouble: unsure === 1 ? otherSetAside : null };
    }
    group.staged.push(row);
    group.characters += body.length;
    if (group.staged.length <= rowsOfPersonMax && group.characters <= charactersOfPersonMax) continue;
    group.trouble ??= tooManyRows;
    yield group;
    group = { ...group, staged: [], characters: 0 };
  }
  if (group !== null) yield group;
}

const otherSetAside: NoneOfSeveral = {
  kind: 'none',
  code: 'DUPLICATE_PERSON',
  attribute: null,
  message:
    'Another row with the same lasting id or the same match key was set aside, and it may be the one that counts: ' +
    'mend that one.',
};

const tooManyRows: NoneOfSeveral = {
  kind: 'none',
  code: 'DUPLICATE_PERSON',
  attribute: null,
  message: `More rows name this person than one person may have (${rowsOfPersonMax} rows, 8 MiB): none is taken.`,
};

/** Of two people with one match key, nobody can say whose user it is; the rows already set aside count here too. */
function* setMatchKeysAside(database: DatabaseSync, rules: RowRules): Generator<SetAside> {
  database.exec(`
    INSERT INTO gone SELECT rowid, 1, 1 FROM person
    WHERE match_key IN (SELECT match_key FROM person GROUP BY match_key HAVING count(*) > 1)
       OR rowid IN (
         SELECT p.rowid FROM mentioned m CROSS JOIN person p ON p.match_key = m.match_key
         WHERE m.set_aside = 1 AND m.link_key IS NOT p.link_key)`);
  const clashing = readRows<[body: string, shared: number]>(
    database,
    `SELECT p.body, p.match_key IN (SELECT match_key FROM mentioned WHERE set_aside = 1)
     FROM gone g CROSS JOIN person p ON p.rowid = g.person ORDER BY g.person`,
  );
  for (const page of pages(clashing)) {
    const quarantined = page.flatMap(([body, shared]) =>
      quarantinedRows(personFrom(body), shared === 1 ? otherSetAside : namedTwice, rules),
    );
    yield { quarantined, duplicates: [] };
  }
}

/** Takes `united` over and `gone` out, and empties both. */
function takeOut(database: DatabaseSync): void {
  const rebuilds = Number(database.prepare('SELECT count(*) AS n FROM gone').get()?.n) > takenOutOneByOneMax;
  database.exec(`
    INSERT INTO mentioned
      SELECT p.link_key, p.match_key, p.feed, g.set_aside FROM gone g CROSS JOIN person p ON p.rowid = g.person
      WHERE g.mention = 1 ORDER BY g.person;
    UPDATE person SET body = u.body FROM united u WHERE u.person = person.rowid;
    ${rebuilds ? 'DROP INDEX person_by_link; DROP INDEX person_by_match;' : ''}
    DELETE FROM person WHERE rowid IN (SELECT person FROM gone);
    ${rebuilds ? createPersonIndexes : ''}
    DELETE FROM united;
    DELETE FROM gone;`);
}

function quarantinedRows(
  person: Person,
  { code, attribute, message }: NoneOfSeveral,
  { feeds }: RowRules,
): readonly QuarantinedRow[] {
  const feed = feeds[person.feed ?? 0];
  const column = feed?.columns.find((one) => one.attribute === attribute)?.from[0] ?? null;
  const { linkKey, matchKey } = person;
  return person.rows.map((row) => ({ row, ...named(feed?.name), code, column, message, linkKey, matchKey }));
}

function duplicateRows(
  { person: winner, losers }: Extract<OneOfSeveral, { kind: 'one' }>,
  { feeds }: RowRules,
): readonly DuplicateRow[] {
  return losers.flatMap(({ person, rule }) =>
    person.rows.map((row) => ({
      row,
      ...named(feeds[person.feed ?? 0]?.name),
      key: person.key,
      winner: { line: winner.rows[0]?.line ?? 0, ...named(feeds[winner.feed ?? 0]?.name) },
      rule,
    })),
  );
}

/** A job with one feed has no name for it. */
function named(feed: string | undefined): { feed?: string } {
  return feed === undefined || feed === '' ? {} : { feed };
}
