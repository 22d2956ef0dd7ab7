import type { Cell } from '../domain/person.ts';
import type { Condition } from '../domain/settings.ts';
import { badValue, damaged, wordOf, wordSet } from './cell-values.ts';
import type { Fault, FeedRecord } from './feed-record.ts';
import { matchesPattern } from './matches-pattern.ts';

/** Whether a row meets all conditions, or why that cannot be told. */
export type RowJudge = (record: FeedRecord) => boolean | Fault;

/** All conditions as one; null when there are none. */
export function rowJudge(conditions: readonly Condition[], headers: readonly string[]): RowJudge | null {
  if (conditions.length === 0) return null;
  const judges = conditions.map((condition) => judgeOf(condition, headers.indexOf(condition.column)));
  return (record) => {
    for (const judge of judges) {
      const verdict = judge(record);
      if (verdict !== true) return verdict;
    }
    return true;
  };
}

function judgeOf(condition: Condition, position: number): RowJudge {
  const meets = test(condition);
  return (record) => {
    const unfit = record.unfit?.get(position);
    if (unfit !== undefined) return badValue(condition.column, { unfit });
    const words = wordsIn(record.cells[position] ?? '');
    if (meets(words)) return true;
    // A damaged word is no word that differs: it must not put anybody out of the feed.
    return words.some((word) => word.includes('\ufffd')) ? badValue(condition.column, damaged) : false;
  };
}

/** A list's entries are judged like several words of which one is enough; an empty cell is one empty word. */
function wordsIn(cell: Cell): readonly string[] {
  const words = (typeof cell === 'string' ? [cell] : cell).map(wordOf);
  const filled = words.filter((word) => word !== '');
  return filled.length === 0 ? [''] : filled;
}

function test({ is, isNot, like, empty }: Condition): (words: readonly string[]) => boolean {
  const tests: ((words: readonly string[]) => boolean)[] = [];
  if (is !== null) {
    const wanted = wordSet(is);
    tests.push((words) => words.some((word) => wanted.has(word)));
  }
  if (isNot !== null) {
    const unwanted = wordSet(isNot);
    tests.push((words) => !words.some((word) => unwanted.has(word)));
  }
  if (like !== null) {
    const patterns = like.map(wordOf);
    tests.push((words) => words.some((word) => patterns.some((pattern) => matchesPattern(word, pattern))));
  }
  if (empty !== null) tests.push((words) => (words[0] === '') === empty);
  return (words) => tests.every((meets) => meets(words));
}
